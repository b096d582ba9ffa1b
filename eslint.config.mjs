import tseslint from "typescript-eslint";

export default tseslint.config({ ignores: ["node_modules/", ".local/", "reports/**"] }, ...tseslint.configs.recommended, {
    rules: { "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }] },
});
