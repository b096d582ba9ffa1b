import { join } from "node:path";
import { Changes } from "./cluster/changes";
import { awaitHealthy, hastenEnding } from "./cluster/health";
import { Journal } from "./cluster/journal";
import type { Mesh } from "./cluster/mesh";
import { mayRed, mustRed, type CheckName } from "./checks";
import { awaitTraces } from "./cluster/traces";
import type { Mutation } from "./mutation";
import { keepResults, resultsFile } from "./score";
import { runSuite, type SuiteResult } from "./suite";
import { together } from "./together";
import { explain, isRight, judge, type Verdict } from "./verdict";
import { missing } from "../verification/features";
import { seconds } from "../verification/wait";

export interface RunOptions {
    mesh: Mesh;
    mutations: readonly Mutation[];
    /** Most mutations that are made at the same time. */
    atOnce: number;
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
    /** Names of the mutations that were made at the same time. */
    beside: readonly string[];
    verdict: Verdict;
    /** Checks that went red, without those that another mutation answers for. */
    red: readonly CheckName[];
    /** Undefined where the mutation could not be made. */
    suite: SuiteResult | undefined;
    /** Milliseconds from the change until the mesh was healthy again. */
    durationMs: number;
}

/**
 * Applies the mutations one after the other, or those together that have no check in common, and tells for each whether
 * exactly the right checks went red.
 *
 * @returns Whether all did.
 */
export async function runMutations(options: RunOptions): Promise<boolean> {
    const { mesh, mutations, print, signal } = options;
    const wanted = mutations.filter(({ needs }) => missing(needs, mesh.config) === undefined);
    const batches = together(wanted, mesh.config, options.atOnce);

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
    for (const batch of batches) {
        const outcomes = await runBatch(batch, healthy.skipped, options);
        keep(options.reportDirectory, outcomes);
        for (const result of outcomes) {
            results.push(result);
            printResult(result, results.length, wanted.length, print);
        }
    }
    summarize(results, print);
    return results.every(({ verdict }) => isRight(verdict));
}

/** Makes mutations at the same time, runs the suite, undoes them, and judges each by its own checks. */
async function runBatch(
    batch: readonly Mutation[],
    skipped: ReadonlySet<CheckName>,
    options: RunOptions,
): Promise<Outcome[]> {
    const { mesh, signal, reportDirectory, print } = options;
    const start = performance.now();
    const journal = Journal.open(options.journalFile);
    const changes = new Changes(mesh.api, journal);
    const names = batch.map(({ name }) => name);
    const title = names.join(" + ");
    const look = (mutation: Mutation) => async () => {
        await hastenEnding(mesh);
        return mutation.traces(mesh);
    };
    let suite: SuiteResult | undefined;
    let reason = "";
    signal.throwIfAborted();
    try {
        journal.begin(title);
        reason = await makeMutations();
        if (!reason)
            suite = await runSuite({
                ...options,
                ...(batch[0]!.suite && { suite: batch[0]!.suite }),
                reportDirectory: join(reportDirectory, names.join("+")),
            });
    } finally {
        if (signal.aborted) print(`undoing ${title}`);
        await changes.undo();
    }
    for (const mutation of batch) await awaitTraces(mutation.name, look(mutation), false, signal);
    await awaitHealthy(mesh, signal);
    const durationMs = performance.now() - start;
    return batch.map((mutation) => {
        const others = batch.filter((other) => other !== mutation);
        const theirs = others.flatMap((other) => [...mustRed(other, mesh.config), ...mayRed(other)]);
        const red = [...(suite?.red ?? [])].filter((check) => !theirs.includes(check));
        const expected = [...mustRed(mutation, mesh.config)].filter((check) => !skipped.has(check));
        const verdict: Verdict = suite
            ? judge(new Set(expected), new Set(red), mayRed(mutation))
            : { kind: "not made", reason };
        return { mutation, beside: others.map(({ name }) => name), verdict, red, suite, durationMs };
    });

    /** Answers with the reason why they could not be made, if they could not. */
    async function makeMutations(): Promise<string> {
        try {
            for (const mutation of batch) await mutation.apply(changes, mesh);
            for (const mutation of batch) await awaitTraces(mutation.name, look(mutation), true, signal);
            return "";
        } catch (error) {
            signal.throwIfAborted();
            return (error as Error).message;
        }
    }
}

function printResult(
    { mutation, beside, verdict, red, suite, durationMs }: Outcome,
    number: number,
    of: number,
    print: RunOptions["print"],
) {
    const position = `${String(number).padStart(String(of).length)}/${of}`;
    const kind = isRight(verdict) ? verdict.kind : verdict.kind.toUpperCase();
    print(
        `${position}  ${kind.padEnd(11)}  ${mutation.name.padEnd(36)} ${String(suite ? red.length : "-").padStart(2)} red  ` +
            `suite ${seconds(suite?.durationMs ?? 0)}, in all ${seconds(durationMs)}` +
            (beside.length > 0 ? `, beside ${beside.join(" and ")}` : ""),
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

/** Keeps what became of a batch at once: a run that ends early has not run in vain. */
function keep(directory: string, outcomes: readonly Outcome[]): void {
    const day = new Date().toISOString().slice(0, 10);
    const results = outcomes.map(({ mutation: { name }, beside, verdict, red, suite, durationMs }) => ({
        name,
        day,
        beside,
        verdict,
        red,
        suiteMs: Math.round(suite?.durationMs ?? 0),
        durationMs: Math.round(durationMs),
    }));
    keepResults(resultsFile(directory), results);
}
