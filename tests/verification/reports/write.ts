import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { htmlPage } from "./html";
import { junitXml } from "./junit";
import type { Report } from "./report";

/** Writes report.json, junit.xml and index.html; report.json last, so that its presence means that all are complete. */
export async function writeReports(report: Report, directory: string): Promise<void> {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "junit.xml"), junitXml(report));
    await writeFile(join(directory, "index.html"), htmlPage(report));
    await writeFile(join(directory, "report.json"), `${JSON.stringify(report, null, 4)}\n`);
}
