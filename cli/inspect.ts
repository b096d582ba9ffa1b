import { readFileSync, writeFileSync } from "node:fs";
import { Argument, Command } from "commander";
import { describeDifferences, differences } from "../tests/verification/proxy-views/difference";
import { findPod } from "../tests/verification/proxy-views/pod";
import {
    parseSnapshot,
    sections,
    takeSnapshot,
    type ProxySnapshot,
    type Section,
} from "../tests/verification/proxy-views/snapshot";
import { table } from "../tests/verification/proxy-views/table";
import { view } from "../tests/verification/proxy-views/views";
import { connectTarget } from "../tests/verification/target/connect";
import { TargetError } from "../tests/verification/target/file";
import { UserError } from "../tools/errors";
import { readTarget, type TargetOptions } from "./target";

interface Options extends TargetOptions {
    json?: boolean;
    save?: string;
    from?: string;
    diff?: string;
}

/** `npm run inspect`: what a pod's proxy has been told, as `istioctl proxy-config` shows it, and what has changed in it. */
export function inspectCommand(): Command {
    return new Command("inspect")
        .argument("[pod]", "name of the pod, or a beginning of it that no other pod shares; NAME.NAMESPACE if need be")
        .addArgument(new Argument("[sections...]", "what to show").choices(sections).default([], "all of them"))
        .option("--stack <name>", "environment whose pod it is", "local")
        .option("--target <file>", "describes the environment; default: what the deployment of the stack wrote")
        .option("--json", "as JSON, with every field of Envoy's configuration")
        .option("--save <file>", "keep this moment in a file instead of showing it")
        .option("--from <file>", "show a moment that --save has kept instead of the present one")
        .option("--diff <file>", "show what has changed since the moment that --save has kept in this file")
        .addHelpText(
            "after",
            `
Examples:
  npm run inspect -- gateway-server
  npm run inspect -- istio-ingressgateway.istio-system routes clusters
  npm run inspect -- gateway-server --save before.json
  npm run inspect -- gateway-server --diff before.json
Exit codes: 0 shown, 2 there is no such pod, environment or file.`,
        )
        .action(async (pod: string | undefined, chosen: Section[], options: Options) => {
            // A kept moment names its pod itself: then the first argument may be a section already.
            const named: readonly unknown[] = options.from === undefined ? chosen : [pod, ...chosen];
            const some = sections.filter((section) => named.includes(section));
            const wanted = some.length > 0 ? some : sections;
            const snapshot = options.from === undefined ? await present(pod, options) : readSnapshot(options.from);
            if (options.save !== undefined) return save(snapshot, options.save);
            if (options.diff !== undefined)
                return printDifferences(readSnapshot(options.diff), snapshot, wanted, options);
            if (options.json) return printJson({ ...heading(snapshot), ...pick(snapshot, wanted) });
            for (const section of wanted) {
                if (wanted.length > 1) console.log(section);
                console.log(table(view(snapshot, section)));
            }
        });
}

async function present(pod: string | undefined, options: Options): Promise<ProxySnapshot> {
    if (pod === undefined) throw new UserError("which pod? Add --help for the arguments.", 2);
    try {
        const target = await connectTarget(readTarget(options));
        try {
            return await takeSnapshot(target.proxy(await findPod(target.kubernetes, pod)));
        } finally {
            await target.close();
        }
    } catch (error) {
        if (error instanceof TargetError) throw new UserError(error.message, 2);
        throw error;
    }
}

function readSnapshot(file: string): ProxySnapshot {
    try {
        return parseSnapshot(readFileSync(file, "utf8"));
    } catch (error) {
        throw new UserError(`${file} is not what --save keeps: ${(error as Error).message}`, 2);
    }
}

function save(snapshot: ProxySnapshot, file: string): void {
    try {
        writeFileSync(file, `${JSON.stringify(snapshot, undefined, 2)}\n`);
    } catch (error) {
        throw new UserError(`--save ${file}: ${(error as Error).message}`, 2);
    }
    console.log(`${snapshot.proxy} as of ${snapshot.takenAt} is kept in ${file}`);
}

function printDifferences(
    before: ProxySnapshot,
    after: ProxySnapshot,
    wanted: readonly Section[],
    { json }: Options,
): void {
    const found = differences(before, after, wanted);
    if (json) return printJson({ before: heading(before), after: heading(after), differences: found });
    console.log(`${before.proxy} at ${before.takenAt} -> ${after.proxy} at ${after.takenAt}`);
    console.log(describeDifferences(found).trimEnd() || "no difference");
}

const heading = ({ proxy, takenAt }: ProxySnapshot) => ({ proxy, takenAt });

const pick = (snapshot: ProxySnapshot, wanted: readonly Section[]) =>
    Object.fromEntries(wanted.map((section) => [section, snapshot[section]]));

const printJson = (value: unknown): void => console.log(JSON.stringify(value, undefined, 2));
