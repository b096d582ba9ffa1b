/**
 * Writes docs/corpus.md, and with the path of istioctl as argument first runs \`istioctl analyze\` over every mistake:
 *
 *     npx tsx tests/corpus/generate.ts [ISTIOCTL]
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { corpus } from "./cases";
import { System } from "./corpus";
import { type Analysis, corpusPage } from "./page";

interface Message {
    code: string;
    level: string;
    origin: string;
}

const results = join(__dirname, "istioctl-analyze.json");

/** What istioctl says about a system. It mostly waits: several run at a time. */
async function analyze(istioctl: string, system: System, file: string): Promise<Message[]> {
    writeFileSync(file, system.yaml);
    const args = ["analyze", "--use-kube=false", "-A", "-o", "json", file];
    // It ends with an error code where it finds something.
    const stdout = await new Promise<string>((resolve) => execFile(istioctl, args, (_, output) => resolve(output)));
    return stdout.trim().startsWith("[") ? (JSON.parse(stdout) as Message[]) : [];
}

const AT_A_TIME = 6;

async function measure(istioctl: string): Promise<Analysis> {
    const folder = mkdtempSync(join(tmpdir(), "corpus-"));
    const twins = new Map<string, Promise<Message[]>>();
    const found: Record<string, string[]> = {};
    const waiting = [...corpus];
    const work = async (): Promise<void> => {
        for (let mistake = waiting.shift(); mistake; mistake = waiting.shift()) {
            const { id, object, given = "", change } = mistake;
            const twin =
                twins.get(given) ?? analyze(istioctl, new System(given), join(folder, `good-${twins.size}.yaml`));
            twins.set(given, twin);
            const good = new Set((await twin).map(({ code, origin }) => `${code} ${origin}`));
            const broken = new System(given);
            change(broken);
            // istioctl writes "VirtualService namespace/name".
            const origin = object.replace("/", " ");
            const messages = await analyze(istioctl, broken, join(folder, `${id}.yaml`));
            const about = messages.filter((one) => one.origin === origin && !good.has(`${one.code} ${origin}`));
            found[id] = [...new Set(about.map(({ code }) => code))];
        }
    };
    try {
        await Promise.all(Array.from({ length: AT_A_TIME }, work));
        return Object.fromEntries(corpus.map(({ id }) => [id, found[id] ?? []]));
    } finally {
        rmSync(folder, { recursive: true });
    }
}

async function main(): Promise<void> {
    const [istioctl] = process.argv.slice(2);
    if (istioctl) writeFileSync(results, `${JSON.stringify(await measure(istioctl), null, 4)}\n`);
    const file = join(__dirname, "..", "..", "docs", "corpus.md");
    const page = corpusPage(JSON.parse(readFileSync(results, "utf8")) as Analysis);
    writeFileSync(file, await format(page, { ...(await resolveConfig(file)), filepath: file }));
}

void main();
