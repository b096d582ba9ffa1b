/** Writes docs/policy.md: `npx tsx policy/generate/docs.ts`. Run it when a rule was added or changed. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { policyPage } from "./page";

async function main(): Promise<void> {
    const file = join(__dirname, "..", "..", "docs", "policy.md");
    writeFileSync(file, await format(policyPage(), { ...(await resolveConfig(file)), filepath: file }));
    console.log(`wrote ${file}`);
}

void main();
