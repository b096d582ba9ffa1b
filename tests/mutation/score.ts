import { isRight, type Verdict } from "./verdict";

/** The mutation score as a page of the documentation: which ways of breaking the mesh were tried, and what noticed them. */

/** What became of one mutation. */
export interface ScoredMutation {
    name: string;
    /** Requirements that it violates; empty for an equivalent change. */
    ids: readonly string[];
    description: string;
    verdict: Verdict;
    /** Checks that went red. */
    red: readonly string[];
}

/** @param provenance What was run, on what, when: one line each. */
export function scorePage(mutations: readonly ScoredMutation[], provenance: readonly string[]): string {
    const breaking = mutations.filter(({ ids }) => ids.length > 0);
    const equivalent = mutations.filter(({ ids }) => ids.length === 0);
    const right = (some: readonly ScoredMutation[]) => some.filter(({ verdict }) => isRight(verdict)).length;
    return [
        "# Mutation score",
        "",
        "Made by `npm run mutate -- --docs`; not edited by hand. Each row is one way of breaking the running mesh. `killed`: exactly the",
        "checks that had to go red did, and no other.",
        "",
        ...provenance.map((line) => `- ${line}`),
        `- **${right(breaking)} of ${breaking.length} mutations killed, ${right(equivalent)} of ${equivalent.length} equivalent changes quiet**`,
        "",
        ...byRequirement(breaking),
        "",
        "## Every mutation",
        "",
        "| Mutation | Breaks | What is done | Verdict | Red checks |",
        "| --- | --- | --- | --- | --- |",
        ...mutations.map(
            ({ name, ids, description, verdict, red }) =>
                `| ${name} | ${ids.join(", ") || "nothing"} | ${cell(description)} | ${verdict.kind} | ${red.join(", ") || "none"} |`,
        ),
        "",
    ].join("\n");
}

function byRequirement(mutations: readonly ScoredMutation[]): string[] {
    const ids = [...new Set(mutations.flatMap((mutation) => mutation.ids))].sort((a, b) =>
        a.localeCompare(b, "en", { numeric: true }),
    );
    const rows = ids.map((id) => {
        const own = mutations.filter((mutation) => mutation.ids.includes(id));
        return `| ${id} | ${own.filter(({ verdict }) => isRight(verdict)).length} of ${own.length} |`;
    });
    return ["| Requirement | Killed |", "| --- | --- |", ...rows];
}

const cell = (text: string) => text.replaceAll("|", "\\|");
