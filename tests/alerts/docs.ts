/** Writes docs/alerts.md: `npx tsx tests/alerts/docs.ts`. Run it when a rule or a case was added or changed. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { alertsPage } from "./page";

async function main(): Promise<void> {
    const file = join(__dirname, "..", "..", "docs", "alerts.md");
    writeFileSync(file, await format(alertsPage(), { ...(await resolveConfig(file)), filepath: file }));
    console.log(`wrote ${file}`);
}

void main();
