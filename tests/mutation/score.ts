import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Mutation } from "./mutation";
import { isRight, type Verdict } from "./verdict";

/**
 * The mutation score: which ways of breaking the mesh were tried, and what noticed them. All of them together take hours,
 * so the result of each is kept until it is run again.
 */

/** What became of one mutation when it was run last. */
export interface Result {
    name: string;
    /** Day of the run, for example 2026-11-21. */
    day: string;
    /** Mutations that were made at the same time, without a check in common. */
    beside?: readonly string[];
    verdict: Verdict;
    /** Checks that went red. */
    red: readonly string[];
    suiteMs: number;
    durationMs: number;
}

/** The kept results; none where nothing was run yet. */
export function readResults(file: string): Result[] {
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Result[]) : [];
}

/** Where the last results of the mutations of one stack are kept, below the folder of that stack's reports. */
export const resultsFile = (reportDirectory: string): string => join(reportDirectory, "mutations.json");

/** A result, and the stack whose mesh was broken. */
export interface StackResult extends Result {
    stack: string;
}

/**
 * The results of all stacks, one of each mutation: of those made on several stacks the one that is not as it should be, if any.
 *
 * @param directory Folder with a folder of reports for each stack.
 */
export function resultsOfAllStacks(directory: string): StackResult[] {
    const stacks = existsSync(directory) ? readdirSync(directory).sort() : [];
    const results = new Map<string, StackResult>();
    for (const stack of stacks)
        for (const result of readResults(resultsFile(join(directory, stack)))) {
            const known = results.get(result.name);
            if (!known || isRight(known.verdict)) results.set(result.name, { ...result, stack });
        }
    return [...results.values()];
}

/** Keeps the results of a run, and those of the mutations that it left out. */
export function keepResults(file: string, results: readonly Result[]): void {
    const names = new Set(results.map(({ name }) => name));
    const others = readResults(file).filter(({ name }) => !names.has(name));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify([...others, ...results], null, 4)}\n`);
}

type Described = Pick<Mutation, "name" | "ids" | "description">;

/**
 * The score as a page of the documentation.
 *
 * @param mutations All there are; those without a result are listed as such.
 */
export function scorePage(mutations: readonly Described[], results: readonly StackResult[]): string {
    const rows = mutations.map((mutation) => ({
        ...mutation,
        result: results.find(({ name }) => name === mutation.name),
    }));
    const isBreaking = ({ ids }: Described) => ids.length > 0;
    const score = (some: typeof rows) => {
        const run = some.filter(({ result }) => result);
        return {
            right: run.filter(({ result }) => isRight(result!.verdict)).length,
            run: run.length,
            all: some.length,
        };
    };
    const broken = score(rows.filter(isBreaking));
    const equal = score(rows.filter((row) => !isBreaking(row)));
    const notRun = broken.all - broken.run + equal.all - equal.run;
    return [
        "# Mutation score",
        "",
        "Made by `npm run mutate -- --docs`; not edited by hand. Each row is one way of breaking the running mesh. `killed`: exactly the",
        "checks that had to go red did, and no other. `not run`: nobody has seen it yet where this page was made. Stack: whose mesh was",
        "broken (tests/e2e). Beside: made at the same time, without a check in common.",
        "",
        `**${broken.right} of ${broken.run} mutations killed, ${equal.right} of ${equal.run} equivalent changes quiet**, ${notRun} not run. The last run of each counts.`,
        "",
        ...byRequirement(rows.filter(isBreaking).map(({ ids, result }) => ({ ids, result }))),
        "",
        "## Every mutation",
        "",
        "| Mutation | Breaks | What is done | Verdict | Day | Stack | Red checks | Beside |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        ...rows.map(
            ({ name, ids, description, result }) =>
                `| ${name} | ${ids.join(", ") || "nothing"} | ${cell(description)} | ${result?.verdict.kind ?? "not run"} | ${result?.day ?? ""} | ${result?.stack ?? ""} | ${result?.red.join(", ") || "none"} | ${result?.beside?.join(", ") ?? ""} |`,
        ),
        "",
    ].join("\n");
}

function byRequirement(rows: readonly { ids: readonly string[]; result: Result | undefined }[]): string[] {
    const ids = [...new Set(rows.flatMap((row) => row.ids))].sort((a, b) =>
        a.localeCompare(b, "en", { numeric: true }),
    );
    const lines = ids.map((id) => {
        const own = rows.filter((row) => row.ids.includes(id));
        const run = own.filter(({ result }) => result);
        const killed = run.filter(({ result }) => isRight(result!.verdict)).length;
        return `| ${id} | ${killed} of ${run.length} | ${own.length - run.length} |`;
    });
    return ["| Requirement | Killed | Not run |", "| --- | --- | --- |", ...lines];
}

const cell = (text: string) => text.replaceAll("|", "\\|");
