import { setMaxListeners } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { buildReport, isGreen, type Report } from "./reports/report";
import { Terminal, type Output } from "./reports/terminal";
import { writeReports } from "./reports/write";
import { saveEvidence, saveFiles } from "./runner/evidence";
import { presentToMocha } from "./runner/mocha";
import type { Outcome } from "./runner/outcome";
import { startRun } from "./runner/run";
import type { Spec } from "./spec";
import { specs as allSpecs } from "./specs";
import { connectTarget } from "./target/connect";
import { TargetError, type VerificationTarget } from "./target/file";
import type { Target } from "./target/target";
import { DeadlineExceeded, seconds } from "./wait";

/** One run of the suite: connect, check everything side by side, report. */

export interface VerifyOptions {
    target: VerificationTarget;
    /** Only checks whose title matches this regular expression. */
    grep?: string;
    /** Folder for the reports. */
    report: string;
    /** Milliseconds allowed to the whole run. */
    deadline: number;
    /** Interrupts the run. */
    signal?: AbortSignal;
    /** Where progress and results are printed. */
    output: Output;
    /** One of mocha's reporters instead of the suite's own lines. */
    reporter?: string;
    /** Default: all. */
    specs?: readonly Spec[];
    /** Default: the cluster that the target describes. */
    connect?(target: VerificationTarget): Promise<Target>;
}

/** Answers with the report; {@link isGreen} tells whether it proves the mesh. Throws {@link TargetError} if nothing can be run. */
export async function verify(options: VerifyOptions): Promise<Report> {
    const { specs = allSpecs, connect = connectTarget, report: directory, output } = options;
    const mocha = presentToMocha(specs, { grep: grepExpression(options.grep), reporter: options.reporter });
    if (mocha.selected.size === 0)
        throw new TargetError(`no check matches --grep ${options.grep}; titles begin with ids such as E5 or C3`);
    // What an earlier run left must not be taken for this one's.
    for (const name of ["report.json", "junit.xml", "index.html", "evidence"])
        await rm(join(directory, name), { recursive: true, force: true });

    const startedAt = new Date();
    const start = performance.now();
    const deadline = new AbortController();
    const timer = setTimeout(
        () => deadline.abort(new DeadlineExceeded(`the whole suite had ${seconds(options.deadline)} (--deadline)`)),
        options.deadline,
    );
    const signal = AbortSignal.any([deadline.signal, ...(options.signal ? [options.signal] : [])]);
    // Every waiting spec listens to it.
    setMaxListeners(0, signal);
    const target = await connect(options.target).catch((error: unknown) => {
        clearTimeout(timer);
        throw error;
    });
    try {
        const terminal = new Terminal(output);
        const provenance = [...target.provenance, `Kubernetes ${await target.kubernetes.version()}`];
        const { address, port } = target.gateway;
        terminal.header([
            `Verification of the stack "${target.stack}" at ${address}:${port}: ${mocha.selected.size} checks`,
            ...provenance.map((line) => `  ${line}`),
        ]);
        const outcomes = startRun({
            target,
            specs,
            signal,
            selected: (title) => mocha.selected.has(title),
            saveEvidence: (spec, failed) => saveEvidence(target, spec, failed, directory),
            saveFiles: (spec, files) => saveFiles(spec, files, directory),
            onProgress: (spec, what) => terminal.progress(spec, what),
        });
        if (options.reporter === undefined)
            for (const outcome of outcomes.values()) void outcome.then((result) => terminal.outcome(result));
        await mocha.run(outcomes);
        options.signal?.throwIfAborted();
        const results: Outcome[] = await Promise.all(outcomes.values());
        const durationMs = performance.now() - start;
        const report = buildReport(results, { stack: target.stack, startedAt, durationMs, provenance });
        await writeReports(report, directory);
        terminal.failures(results, directory);
        terminal.line("");
        terminal.line(summaryLine(report));
        terminal.line(`report: ${join(directory, "index.html")}`);
        return report;
    } finally {
        clearTimeout(timer);
        await target.close();
    }
}

function summaryLine(report: Report): string {
    const { passed, failed, skipped, durationMs } = report.summary;
    const counts = `${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds(durationMs)}`;
    return passed + failed === 0 ? `${counts}: nothing was checked, so nothing is proved` : counts;
}

function grepExpression(grep: string | undefined): RegExp | undefined {
    if (grep === undefined) return undefined;
    try {
        return new RegExp(grep);
    } catch (error) {
        throw new TargetError(`--grep ${grep} is not a regular expression: ${(error as Error).message}`);
    }
}

export { isGreen };
