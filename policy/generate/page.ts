import { rules } from "../rules";
import type { Rule } from "../rules/rule";

/** The page docs/policy.md: what the pack checks, made from the rules themselves. */
export function policyPage(described: readonly Rule[] = rules): string {
    return `${intro}
${table(described)}

${described.map(section).join("\n\n")}
`;
}

const intro = `# Policy

<!-- Made by \`npx tsx policy/generate/docs.ts\` from policy/rules: change it there. -->

Every \`npm start\` and \`npm run preview\` runs the policy pack in \`policy/\`. It reads the whole stack before anything is
touched, builds a model of the mesh (which Service selects which pods, which name stands for what, which gateway serves
which host) and applies the rules below to it. With the official CLI:

\`\`\`sh
pulumi preview --policy-pack policy
\`\`\`

A **mandatory** rule stops the deployment, an **advisory** one only speaks. Each violation names the resource, the field and
the fix. Values that a preview cannot know yet are never reported. To change a rule's level, or to switch it off, pass a file
to \`--policy-pack-config\`:

\`\`\`json
{ "unused-gateway": "disabled", "ejection-budget": "mandatory" }
\`\`\`

"Source" is where a rule comes from: a requirement of the platform (C8 are the four problems that the documents report) or
Istio's documentation.

## Rules
`;

function table(described: readonly Rule[]): string {
    const rows = described.map(({ id, severity, enforcement, title }) => [
        `[${id}](#${id})`,
        severity,
        enforcement,
        title,
    ]);
    return [["Rule", "Severity", "Level", "A good mesh"], ["---", "---", "---", "---"], ...rows]
        .map((cells) => `| ${cells.join(" | ")} |`)
        .join("\n");
}

function section({ id, severity, enforcement, title, reason, fix, sources }: Rule): string {
    return `### ${id}

${title}.

- Level: ${enforcement}, severity ${severity}
- Otherwise: ${reason}
- Fix: ${fix}
- Source: ${sources.map((source) => (source.startsWith("https:") ? `<${source}>` : source)).join(", ")}`;
}
