import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** What the suite has reported about the stack of the end-to-end tests. */
export interface Report {
    summary: { passed: number; failed: number; skipped: number; durationMs: number };
    specs: { title: string; status: string }[];
}

/** Folder of the reports. */
export const reportDirectory = join(__dirname, "..", "..", "reports", "e2e");
const file = join(reportDirectory, "report.json");

export const readReport = (): Report => JSON.parse(readFileSync(file, "utf8")) as Report;

/** Forgets the last report, so that an old one is not taken for that of the next run. */
export const forgetReport = (): void => rmSync(file, { force: true });

/** The requirements of which no passed check tells. */
export function unproved({ specs }: Report, ids: readonly string[]): string[] {
    const titles = specs.filter(({ status }) => status === "passed").map(({ title }) => title);
    return ids.filter((id) => !titles.some((title) => new RegExp(`\\b${id}\\b`).test(title)));
}
