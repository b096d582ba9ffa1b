import tseslint from "typescript-eslint";

export default tseslint.config(
    { ignores: ["node_modules/", ".local/", "reports/**"] },
    ...tseslint.configs.recommended,
    { rules: { "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }] } },
    // Plain CommonJS files: what mocha and Pulumi load as they are.
    { files: ["**/*.cjs", "**/*.js"], rules: { "@typescript-eslint/no-require-imports": "off" } },
);
