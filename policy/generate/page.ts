import { enforcementsOf, policyName } from "../adapter/names";
import { chapters as allChapters, type Chapter } from "../rules";
import { levelIn, type Rule } from "../rules/rule";
import { showControl, STANDARDS } from "../rules/standards";
import { ENVIRONMENTS } from "../settings";

/** The page docs/policy.md: what the pack checks, made from the rules themselves. */
export function policyPage(chapters: readonly Chapter[] = allChapters): string {
    return `${intro(chapters)}
${chapters.map(({ title, rules }) => `## ${title}\n\n${table(rules)}`).join("\n\n")}

## Each rule

${chapters
    .flatMap(({ rules }) => rules)
    .map(section)
    .join("\n\n")}
`;
}

const intro = (chapters: readonly Chapter[]) => `# Policy

<!-- Made by \`npx tsx policy/generate/docs.ts\` from policy/rules: change it there. -->

Every \`npm start\` and \`npm run preview\` runs the policy pack in \`policy/\`. It reads the whole stack before anything is
touched, builds a model of the mesh (which Service selects which pods, which name stands for what, which gateway serves
which host) and of the AWS resources under it, and applies ${chapters.flatMap(({ rules }) => rules).length} rules to them. With the official CLI:

\`\`\`sh
pulumi preview --policy-pack policy
\`\`\`

A **mandatory** rule stops the deployment, an **advisory** one only speaks. Each violation names the resource, the field and
the fix. Values that a preview cannot know yet are never reported.

## Levels and exemptions

How strict a rule is depends on the environment: \`local\` (the embedded cluster), \`dev\` (kind) or \`prod\` (EKS), unless the
stack says otherwise. What a rule is to overlook is written down there, too, with a reason and the last day on which it holds:

\`\`\`yaml
config:
  istio-platform:policy:
    environment: prod
    exemptions:
      - rule: host-path
        resource: DaemonSet/monitoring/node-exporter # as the violation names it; * stands for any characters
        reason: It reads the node's figures from /proc and /sys, which no other volume has.
        expires: "2027-03-31"
\`\`\`

A rule that does not exist, a missing reason or date is an error of the configuration. After its last day an exemption no longer
holds, and is a violation itself ([expired-exemption](#expired-exemption)).

Pulumi's own \`--policy-pack-config\` also changes a level or switches a rule off. A rule that is mandatory in one environment and
advisory in another is two policies there, \`<id>\` and \`<id>-advice\`:

\`\`\`json
{ "unused-gateway": "disabled", "topology-spread-advice": "mandatory" }
\`\`\`

## Where the rules come from

A requirement of the platform (C8 are the four problems that the documents report), the documentation of Istio, or a published
standard, by the standard's own number or name:

${Object.entries(STANDARDS)
    .map(([name, { title, url }]) => `- **${name}**: ${title}, <${url}>`)
    .join("\n")}
`;

function levels(rule: Rule): string {
    const each = ENVIRONMENTS.map((environment) => [environment, levelIn(rule, environment)] as const);
    const [[, first]] = each as [(typeof each)[number]];
    return each.every(([, level]) => level === first)
        ? first
        : each.map(([environment, level]) => `${environment}: ${level}`).join(", ");
}

function table(rules: readonly Rule[]): string {
    const rows = rules.map((rule) => [`[${rule.id}](#${rule.id})`, rule.severity, levels(rule), rule.title]);
    return [["Rule", "Severity", "Level", "What is right"], ["---", "---", "---", "---"], ...rows]
        .map((cells) => `| ${cells.join(" | ")} |`)
        .join("\n");
}

function section(rule: Rule): string {
    const { id, severity, title, reason, fix, sources = [], standards = [] } = rule;
    const named = [
        ...standards.map(showControl),
        ...sources.map((source) => (source.startsWith("https:") ? `<${source}>` : source)),
    ];
    const policies = enforcementsOf(rule).map((level) => `\`${policyName(rule, level)}\``);
    return `### ${id}

${title}.

- Level: ${levels(rule)}; severity: ${severity}${policies.length > 1 ? `; policies: ${policies.join(" and ")}` : ""}
- Otherwise: ${reason}
- Fix: ${fix}
- Source: ${named.join(", ")}`;
}
