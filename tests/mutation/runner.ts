import { join } from "node:path";
import { Changes } from "./cluster/changes";
import { awaitHealthy, hastenEnding } from "./cluster/health";
import { Journal } from "./cluster/journal";
import type { Mesh } from "./cluster/mesh";
import { namesOf, type CheckName } from "./checks";
import { awaitTraces } from "./cluster/traces";
import type { Mutation } from "./mutation";
import { keepResults } from "./score";
import { runSuite, type SuiteResult } from "./suite";
import { explain, isRight, judge, type Verdict } from "./verdict";
import { missing } from "../verification/features";
import { seconds } from "../verification/wait";

export interface RunOptions {
    mesh: Mesh;
    mutations: readonly Mutation[];
    targetFile: string;
    /** File that remembers how to undo what is changed. */
    journalFile: string;
    /** Folder below which each run of the suite leaves its report. */
    reportDirectory: string;
    /** Time allowed to each run of the suite. */
    deadline: string;
    /** Interrupts the run; what was changed is undone all the same. */
    signal: AbortSignal;
    print(line: string): void;
}

/** What became of one mutation. */
interface Outcome {
    mutation: Mutation;
    verdict: Verdict;
    /** Undefined where the mutation could not be made. */
    suite: SuiteResult | undefined;
    /** Milliseconds from the change until the mesh was healthy again. */
    durationMs: number;
}

/**
 * Applies the mutations one after the other, and tells for each whether exactly the right checks went red.
 *
 * @returns Whether all did.
 */
export async function runMutations(options: RunOptions): Promise<boolean> {
    const { mesh, mutations, print, signal } = options;
    const wanted = mutations.filter(({ needs }) => missing(needs, mesh.config) === undefined);
    for (const mutation of wanted) expected(mutation, mesh, new Set());

    await awaitHealthy(mesh, signal);
    const healthy = await runSuite({ ...options, reportDirectory: join(options.reportDirectory, "healthy") });
    if (healthy.red.size > 0)
        throw new Error(
            `the mesh is not healthy, so nothing was changed; red: ${[...healthy.red].join(", ")}. ` +
                `Report: ${join(options.reportDirectory, "healthy", "index.html")}`,
        );
    print(
        `healthy mesh: ${healthy.green} checks green, ${healthy.skipped.size} skipped, in ${seconds(healthy.durationMs)}`,
    );

    const results: Outcome[] = [];
    try {
        for (const mutation of wanted) {
            const result = await runOne(mutation, healthy.skipped, options);
            results.push(result);
            printResult(result, results.length, wanted.length, print);
        }
    } finally {
        keep(options.reportDirectory, results);
    }
    summarize(results, print);
    return results.every(({ verdict }) => isRight(verdict));
}

async function runOne(mutation: Mutation, skipped: ReadonlySet<CheckName>, options: RunOptions): Promise<Outcome> {
    const { mesh, signal, reportDirectory, print } = options;
    const start = performance.now();
    const journal = Journal.open(options.journalFile);
    const changes = new Changes(mesh.api, journal);
    const look = async () => {
        await hastenEnding(mesh);
        return mutation.traces(mesh);
    };
    let suite: SuiteResult | undefined;
    let reason = "";
    signal.throwIfAborted();
    try {
        journal.begin(mutation.name);
        reason = await makeMutation();
        if (!reason)
            suite = await runSuite({
                ...options,
                ...(mutation.suite && { suite: mutation.suite }),
                reportDirectory: join(reportDirectory, mutation.name),
            });
    } finally {
        if (signal.aborted) print(`undoing ${mutation.name}`);
        await changes.undo();
    }
    await awaitTraces(mutation.name, look, false, signal);
    await awaitHealthy(mesh, signal);
    const verdict: Verdict = suite
        ? judge(expected(mutation, mesh, skipped), suite.red, namesOf(mutation.mayRed ?? {}))
        : { kind: "not made", reason };
    return { mutation, verdict, suite, durationMs: performance.now() - start };

    /** Answers with the reason why it could not be made, if it could not. */
    async function makeMutation(): Promise<string> {
        try {
            await mutation.apply(changes, mesh);
            await awaitTraces(mutation.name, look, true, signal);
            return "";
        } catch (error) {
            signal.throwIfAborted();
            return (error as Error).message;
        }
    }
}

function expected({ expectRed }: Mutation, { config }: Mesh, skipped: ReadonlySet<CheckName>): Set<CheckName> {
    const names = namesOf(typeof expectRed === "function" ? expectRed(config) : expectRed);
    return new Set([...names].filter((name) => !skipped.has(name)));
}

function printResult(
    { mutation, verdict, suite, durationMs }: Outcome,
    number: number,
    of: number,
    print: RunOptions["print"],
) {
    const position = `${String(number).padStart(String(of).length)}/${of}`;
    const kind = isRight(verdict) ? verdict.kind : verdict.kind.toUpperCase();
    print(
        `${position}  ${kind.padEnd(11)}  ${mutation.name.padEnd(36)} ${String(suite?.red.size ?? "-").padStart(2)} red  ` +
            `suite ${seconds(suite?.durationMs ?? 0)}, in all ${seconds(durationMs)}`,
    );
    for (const line of explain(verdict)) print(`${" ".repeat(position.length + 2)}${line}`);
}

function summarize(results: readonly Outcome[], print: RunOptions["print"]): void {
    const equivalent = results.filter(({ verdict: { kind } }) => kind === "quiet" || kind === "false alarm");
    const breaking = results.filter((result) => !equivalent.includes(result));
    const right = (some: readonly Outcome[]) => some.filter(({ verdict }) => isRight(verdict)).length;
    if (equivalent.length > 0)
        print(`equivalent changes: ${right(equivalent)} of ${equivalent.length} turned nothing red`);
    print(`mutations: ${right(breaking)} killed of ${breaking.length}`);
}

/** Where the last result of each mutation is kept. */
export const resultsFile = (reportDirectory: string): string => join(reportDirectory, "mutations.json");

function keep(directory: string, outcomes: readonly Outcome[]): void {
    const day = new Date().toISOString().slice(0, 10);
    const results = outcomes.map(({ mutation: { name }, verdict, suite, durationMs }) => ({
        name,
        day,
        verdict,
        red: [...(suite?.red ?? [])],
        suiteMs: Math.round(suite?.durationMs ?? 0),
        durationMs: Math.round(durationMs),
    }));
    keepResults(resultsFile(directory), results);
}
