import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { readResult, verdict, type VerificationResult } from "./result";

/** Where the suite lies and what it needs. */
export interface SuiteOptions {
    /** Folder of the project. */
    projectDirectory: string;
    /** File with the verification target. */
    targetFile: string;
    /** Folder for the reports. */
    reportDirectory: string;
    /** Only specs whose title matches this regular expression. */
    grep?: string;
    /** Time allowed to the whole suite, for example `3m`. */
    deadline: string;
    /** Gets every line that the suite prints. */
    onLine(line: string): void;
}

/**
 * Runs the verification suite in a process of its own.
 *
 * @returns The result, when every check that ran has passed.
 * @throws Error naming the failing checks, or why there is no result. A missing result is never taken for success.
 */
export async function runSuite(options: SuiteOptions): Promise<VerificationResult> {
    const resultFile = join(options.reportDirectory, "report.json");
    // A result of an earlier run must not be taken for this one's.
    await rm(resultFile, { force: true });
    const { exitCode, lastLines } = await runProcess(options);
    let result;
    try {
        result = await readResult(resultFile);
    } catch (error) {
        throw new Error(
            [`exit code ${exitCode}: ${(error as Error).message}`, ...lastLines.map((line) => `  ${line}`)].join("\n"),
        );
    }
    const problem = verdict(exitCode, result);
    if (problem) throw new Error(problem);
    return result;
}

/** How many of the suite's last lines are shown when it left no result. */
const SHOWN_LINES = 15;

async function runProcess(options: SuiteOptions): Promise<{ exitCode: number; lastLines: string[] }> {
    const { projectDirectory, targetFile, reportDirectory, grep, deadline, onLine } = options;
    const main = join(projectDirectory, "tests", "verification", "main.ts");
    const child = spawn(
        process.execPath,
        [
            ...["--require", require.resolve("tsx/cjs"), main, "--target", targetFile, "--report", reportDirectory],
            ...["--deadline", deadline, ...(grep === undefined ? [] : ["--grep", grep])],
        ],
        // The loader of the program's own process must not load in the suite's as well.
        { cwd: projectDirectory, env: { ...process.env, NODE_OPTIONS: "" }, stdio: ["ignore", "pipe", "pipe"] },
    );
    // When the deployment is interrupted the suite stops too.
    const stop = () => child.kill("SIGTERM");
    process.once("exit", stop);
    const lastLines: string[] = [];
    const take = (line: string) => {
        lastLines.push(line);
        if (lastLines.length > SHOWN_LINES) lastLines.shift();
        onLine(line);
    };
    try {
        const exit = new Promise<number>((resolve, reject) => {
            child.once("error", reject);
            child.once("close", (code, signal) => resolve(code ?? (signal ? 128 : 1)));
        });
        const [exitCode] = await Promise.all([exit, eachLine(child.stdout, take), eachLine(child.stderr, take)]);
        return { exitCode, lastLines };
    } finally {
        process.off("exit", stop);
    }
}

async function eachLine(stream: Readable, onLine: (line: string) => void): Promise<void> {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) onLine(line);
}
