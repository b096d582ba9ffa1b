import type { BehaviourComparison } from "./behaviour/report";
import { losesData, type ResourceChange } from "./compare";
import { shortType } from "./components";
import type { CostComparison } from "./costs";
import type { PlannedViolation } from "./plan";
import { isAcceptable, type Review } from "./report";
import { groupRisks } from "./risks/risk";
import { show } from "./values";

/** Characters that GitHub accepts in a comment; other code hosts take more. */
export const COMMENT_LIMIT = 65_536;

/** By this line the comment is found again when it is updated. */
export const marker = (stack: string): string => `<!-- istio-platform review of ${stack} -->`;

/** How much is written out; the next level is taken while the text is too long. */
interface Detail {
    /** Changed fields shown of a resource. */
    readonly fields: number;
    /** Resources listed of a component and kind. */
    readonly resources: number;
    /** Violations, risks and lines of behaviour listed. */
    readonly findings: number;
}

const LEVELS: readonly Detail[] = [
    { fields: 40, resources: 400, findings: 400 },
    { fields: 6, resources: 60, findings: 100 },
    { fields: 2, resources: 15, findings: 40 },
    { fields: 0, resources: 5, findings: 15 },
    { fields: 0, resources: 0, findings: 8 },
];

/** The review as the comment of a pull request. Long ones are summarised until the code host accepts them. */
export function markdown(review: Review, limit = COMMENT_LIMIT): string {
    for (const detail of LEVELS) {
        const text = write(review, detail);
        if (text.length <= limit) return text;
    }
    const end = "\n\n… cut off: the whole review is in the artefacts of the run.\n";
    return write(review, LEVELS.at(-1)!).slice(0, limit - end.length) + end;
}

function write(review: Review, detail: Detail): string {
    const { stack, base, change, provenance, takenAt } = review;
    const parts = [
        marker(stack),
        `## ${isAcceptable(review) ? "✅" : "❌"} Review of \`${stack}\`: ${headline(review)}`,
        `\`${base.name}\` (${base.commit}) → \`${change.name}\` (${change.commit})`,
        ...failures(review),
        ...dataLoss(review),
        ...resources(review, detail),
        ...policy(review, detail),
        ...behaviour(review.behaviour, detail),
        ...cost(review.cost),
        ...risks(review, detail),
        `<sub>${[takenAt, ...provenance].map(escape).join(" · ")}</sub>`,
    ];
    return `${parts.join("\n\n")}\n`;
}

/** The review in one line. */
export function headline({ resources, policy, errors, behaviour }: Review): string {
    const count = (kind: ResourceChange["kind"]) => resources.changes.filter((change) => change.kind === kind).length;
    const counted = (["created", "changed", "replaced", "deleted"] as const)
        .map((kind) => [count(kind), kind] as const)
        .filter(([number]) => number > 0)
        .map(([number, kind]) => `${number} ${kind}`);
    const mandatory = policy.added.filter(({ enforcement }) => enforcement === "mandatory").length;
    const lost = resources.changes.filter(losesData).length;
    return [
        ...(errors.change.length > 0 ? ["the preview fails"] : []),
        ...(lost > 0 ? [`**${lost} that hold data are lost**`] : []),
        counted.join(", ") || "no resource changes",
        ...(mandatory > 0 ? [`${mandatory} new violations stop the deployment`] : []),
        ...(behaviour && !behaviour.problem
            ? [
                  behaviour.lines.length > 0
                      ? `clients see ${behaviour.lines.length} differences`
                      : "clients see no difference",
              ]
            : []),
    ].join("; ");
}

function failures({ errors }: Review): string[] {
    const list = (side: string, messages: readonly string[]) =>
        messages.length === 0
            ? []
            : [`> [!CAUTION]\n> **The preview of ${side} fails:**\n${quoted(messages.slice(0, 5).join("\n"))}`];
    return [...list("the change", errors.change), ...list("the base", errors.base)];
}

const quoted = (text: string): string =>
    text
        .slice(0, 4_000)
        .split("\n")
        .map((line) => `> ${escape(line)}`)
        .join("\n");

function dataLoss({ resources }: Review): string[] {
    const lost = resources.changes.filter(losesData);
    if (lost.length === 0) return [];
    const lines = lost
        .slice(0, 30)
        .map(
            ({ kind, type, name, holds, because }) =>
                `> - **${kind}: ${code(`${shortType(type)} ${name}`)}**, ${holds}${because.length > 0 ? `, because of ${because.map(code).join(", ")}` : ""}`,
        );
    const more = lost.length > 30 ? [`> - … and ${lost.length - 30} more`] : [];
    return [
        `> [!WARNING]\n> **What holds data is deleted or replaced. Nothing brings it back:**\n${[...lines, ...more].join("\n")}`,
    ];
}

const SIGNS = { created: "➕", changed: "✏️", replaced: "♻️", deleted: "🗑️" } as const;

function resources({ resources: { changes, unchanged, pending }, against, errors }: Review, detail: Detail): string[] {
    const basis =
        against === "state" ? "against the deployed state" : "by comparing both plans (nothing is deployed from here)";
    const summary = `${unchanged} resources unchanged, ${basis}${pending > 0 ? `; ${pending} differ from what is deployed in the base already` : ""}${errors.change.length > 0 || errors.base.length > 0 ? "; a preview failed, so what it did not come to is not shown" : ""}.`;
    if (changes.length === 0) return ["### Resources", `Nothing changes: ${summary}`];
    const groups = new Map<string, ResourceChange[]>();
    for (const change of changes) groups.set(change.component, [...(groups.get(change.component) ?? []), change]);
    const sections = [...groups].map(([component, own]) => {
        const counts = (["deleted", "replaced", "changed", "created"] as const)
            .map((kind) => [own.filter((change) => change.kind === kind).length, kind] as const)
            .filter(([number]) => number > 0)
            .map(([number, kind]) => `${number} ${kind}`)
            .join(", ");
        const shown = own.slice(0, detail.resources);
        const more = own.length > shown.length ? [`- … and ${own.length - shown.length} more`] : [];
        const body = [...shown.map((change) => resource(change, detail)), ...more].join("\n");
        return `<details${own.length <= 12 ? " open" : ""}><summary><b>${escape(component)}</b>: ${counts}</summary>\n\n${body}\n\n</details>`;
    });
    return ["### Resources", summary, ...sections];
}

function resource({ kind, type, name, fields, because, by }: ResourceChange, detail: Detail): string {
    const why =
        kind === "replaced"
            ? ` because of ${because.map(code).join(", ") || "its provider"}${by === "table" ? " (by the type's documentation)" : ""}`
            : "";
    const head = `- ${SIGNS[kind]} ${kind} ${code(`${shortType(type)} ${name}`)}${why}`;
    if (kind === "created" || kind === "deleted" || detail.fields === 0) {
        return fields.length > 0 ? `${head}: ${fields.length} fields` : head;
    }
    const shown = fields.slice(0, detail.fields);
    const lines = shown.map(
        ({ path, before, after }) => `  - ${code(path || "(all)")}: ${code(show(before))} → ${code(show(after))}`,
    );
    const more = fields.length > shown.length ? [`  - … and ${fields.length - shown.length} more fields`] : [];
    return [head, ...lines, ...more].join("\n");
}

function policy({ policy: { added, fixed, unchanged, reservations, passes } }: Review, detail: Detail): string[] {
    const heading = `### Policy: ${passes ? "passes" : "refuses the change"}`;
    const counts = `${added.length} new, ${fixed.length} fixed, ${unchanged.length} unchanged.`;
    const list = (title: string, violations: readonly PlannedViolation[], open: boolean) => {
        if (violations.length === 0) return [];
        const shown = violations.slice(0, detail.findings).map(violation);
        const more = violations.length > shown.length ? [`- … and ${violations.length - shown.length} more`] : [];
        return [
            `<details${open ? " open" : ""}><summary>${title}: ${violations.length}</summary>\n\n${[...shown, ...more].join("\n")}\n\n</details>`,
        ];
    };
    return [
        heading,
        ...reservations.map((text) => `> [!NOTE]\n> ${escape(text)}`),
        counts,
        ...list("New", added, true),
        ...list("Fixed", fixed, true),
        ...list("Unchanged", unchanged, false),
    ];
}

function violation({ rule, enforcement, object, field, message, fix }: PlannedViolation): string {
    const stops = enforcement === "mandatory" ? "🛑 " : "";
    return `- ${stops}${code(rule)} ${code(object)}${field === "" ? "" : ` ${code(field)}`}: ${escape(oneLine(message))}${fix === "" ? "" : `\n  **Fix:** ${escape(oneLine(fix))}`}`;
}

function behaviour(comparison: BehaviourComparison | undefined, detail: Detail): string[] {
    if (!comparison) return ["### Behaviour", "Not measured."];
    const { lines, unchanged, proxies, how, problem } = comparison;
    if (problem !== undefined) return ["### Behaviour", `> [!CAUTION]\n> Not measured: ${escape(oneLine(problem))}`];
    const rows = lines
        .slice(0, detail.findings)
        .map(({ request, aspect, before, after, confidence, because }) =>
            row([
                code(request),
                aspect,
                before,
                `**${after}**`,
                `${confidence}${because.length > 0 ? `<br>${because.slice(0, 3).map(code).join("<br>")}` : ""}`,
            ]),
        );
    const more = lines.length > rows.length ? `\n\n… and ${lines.length - rows.length} more` : "";
    const table =
        lines.length === 0
            ? `**Clients see no difference**: ${unchanged.length} kinds of requests were answered alike.`
            : `| Request | Aspect | Before | After | Measured |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}${more}\n\nUnchanged: ${unchanged.length} kinds of requests.`;
    const limit = detail.findings * 2;
    const fields = proxies.flatMap(({ proxy, fields }) => [`${proxy}:`, ...fields.map((line) => `  ${line}`)]);
    const block =
        fields.length === 0
            ? ["The proxies' configuration is the same on both sides."]
            : [
                  `<details><summary>Changed configuration of the proxies: ${proxies.reduce((sum, { fields }) => sum + fields.length, 0)} fields</summary>\n\n\`\`\`text\n${fields.slice(0, limit).join("\n").replaceAll("```", "'''")}${fields.length > limit ? `\n… and ${fields.length - limit} more lines` : ""}\n\`\`\`\n\n</details>`,
              ];
    return ["### Behaviour", table, escape(how), ...block];
}

function cost(comparison: CostComparison | undefined): string[] {
    if (!comparison) return [];
    const { before, after, lines, problem } = comparison;
    if (problem !== undefined) return ["### Cost", escape(problem)];
    if (before === undefined && after === undefined) return [];
    const [old, now] = [before ?? 0, after ?? 0];
    const total = `${dollars(old)} → ${dollars(now)} a month (${signed(now - old)}), without discounts and taxes.`;
    if (lines.length === 0) return ["### Cost", `Unchanged: ${dollars(now)} a month.`];
    const rows = lines.map(({ resource, charged, before, after }) =>
        row([escape(resource), escape(charged), dollars(before), dollars(after), signed(after - before)]),
    );
    return [
        "### Cost",
        total,
        `| Resource | Charged as | Before | After | Difference |\n| --- | --- | --: | --: | --: |\n${rows.join("\n")}`,
    ];
}

const dollars = (usd: number): string => `$${usd.toFixed(2)}`;
const signed = (usd: number): string => `${usd < 0 ? "−" : "+"}$${Math.abs(usd).toFixed(2)}`;

/** Objects that are named of those with the same risk. */
const OBJECTS = 6;

const MARKS = { high: "🔴 high", medium: "🟠 medium", low: "🟡 low" } as const;

function risks({ risks: all }: Review, detail: Detail): string[] {
    if (all.length === 0) return ["### Risk", "None of the rules sees a new one."];
    const groups = groupRisks(all);
    const shown = groups.slice(0, detail.findings);
    const rows = shown.map(({ severity, rule, objects, text }) => {
        const others = objects.length > OBJECTS ? ` and ${objects.length - OBJECTS} more` : "";
        const names = `${objects.slice(0, OBJECTS).map(code).join(", ")}${others}`;
        return row([MARKS[severity], code(rule), names, escape(oneLine(text))]);
    });
    const more = groups.length > shown.length ? `\n\n… and ${groups.length - shown.length} more` : "";
    return ["### Risk", `| | Rule | Object | What may happen |\n| --- | --- | --- | --- |\n${rows.join("\n")}${more}`];
}

const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll(/\\?\|/g, "\\|")).join(" | ")} |`;

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, " ");

/** Text that holds no markup. */
function escape(text: string): string {
    return text
        .replaceAll(/[&<]/g, (character) => ({ "&": "&amp;", "<": "&lt;" })[character]!)
        .replaceAll(/([*_`[\]])/g, "\\$1");
}

/** Inline code, whatever it holds. */
function code(text: string): string {
    const line = oneLine(text);
    const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([ticks]) => ticks.length));
    const fence = "`".repeat(longest + 1);
    const pad = longest > 0 || line === "" ? " " : "";
    return `${fence}${pad}${line}${pad}${fence}`;
}
