import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** What the suite has reported about a stack. */
export interface Report {
    summary: { passed: number; failed: number; skipped: number; durationMs: number };
    specs: { title: string; status: string }[];
}

/** Folder of the reports about the stack of most end-to-end tests. */
export const reportDirectory = reportsOf("e2e");

/** The last report about a stack. */
export const readReport = (stack = "e2e"): Report =>
    JSON.parse(readFileSync(join(reportsOf(stack), "report.json"), "utf8")) as Report;

/** Forgets the last report, so that an old one is not taken for that of the next run. */
export const forgetReport = (stack = "e2e"): void => rmSync(join(reportsOf(stack), "report.json"), { force: true });

function reportsOf(stack: string): string {
    return join(__dirname, "..", "..", "reports", stack);
}

/** The requirements of which no passed check tells. */
export function unproved({ specs }: Report, ids: readonly string[]): string[] {
    const titles = specs.filter(({ status }) => status === "passed").map(({ title }) => title);
    return ids.filter((id) => !titles.some((title) => new RegExp(`\\b${id}\\b`).test(title)));
}
