import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readResult } from "../../components/verification/result";
import type { SuiteName } from "../verification/specs";
import { nameOf, type CheckName } from "./checks";

/** Runs the verification suite as anybody would: as a process of its own with its report. */

export interface SuiteRun {
    targetFile: string;
    /** Folder for the report. */
    reportDirectory: string;
    /** Time allowed to the suite, for example `3m`. */
    deadline: string;
    signal: AbortSignal;
    /** Default: `behaviour`. */
    suite?: SuiteName;
}

export interface SuiteResult {
    red: Set<CheckName>;
    skipped: Set<CheckName>;
    /** Number of checks that were green. */
    green: number;
    durationMs: number;
}

const main = join(__dirname, "..", "verification", "main.ts");
const shownLines = 15;

/** @throws Error when the suite could not run or left no report. */
export async function runSuite({
    targetFile,
    reportDirectory,
    deadline,
    signal,
    suite = "behaviour",
}: SuiteRun): Promise<SuiteResult> {
    signal.throwIfAborted();
    const report = join(reportDirectory, "report.json");
    await rm(report, { force: true });
    const start = performance.now();
    const args = ["--target", targetFile, "--report", reportDirectory, "--deadline", deadline, "--suite", suite];
    const child = spawn(process.execPath, ["--require", "tsx/cjs", main, ...args], {
        env: { ...process.env, NODE_OPTIONS: "" },
        stdio: ["ignore", "pipe", "pipe"],
    });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => {
            output.push(...chunk.toString("utf8").split("\n").filter(Boolean));
            output.splice(0, output.length - shownLines);
        });
    const stop = () => child.kill("SIGTERM");
    signal.addEventListener("abort", stop, { once: true });
    try {
        const code = await new Promise<number>((resolve, reject) => {
            child.once("error", reject);
            child.once("close", (status) => resolve(status ?? 128));
        });
        signal.throwIfAborted();
        if (code !== 0 && code !== 1)
            throw new Error(`the verification suite could not run (exit code ${code}):\n${output.join("\n")}`);
    } finally {
        signal.removeEventListener("abort", stop);
    }
    const { specs } = await readResult(report);
    const named = (status: string) =>
        new Set(specs.filter((spec) => spec.status === status).map(({ title }) => nameOf(title)));
    return {
        red: named("failed"),
        skipped: named("skipped"),
        green: named("passed").size,
        durationMs: performance.now() - start,
    };
}
