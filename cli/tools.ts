import { Argument, Command } from "commander";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "../tools/cache";
import { ToolGroup, toolGroups } from "../tools/catalog";
import { removable, removeFromCache, sizeOf } from "../tools/clean";
import { throwIfAborted } from "../tools/errors";
import { StepContext } from "../tools/go";
import { partsOf, takeInventory } from "../tools/inventory";
import { acquireLock } from "../tools/lock";
import { pack, unpack } from "../tools/pack";
import { PartNotes } from "../tools/parts";
import { ensureToolchain, missingParts, toolchainDirectory } from "../tools/toolchain";
import { interruptible } from "./processes";
import { Progress } from "./progress";

/** `npm run tools`: looks at, builds, packs and removes the external tools. */
export function toolsCommand(): Command {
    const command = new Command("tools").addHelpText(
        "after",
        "\nThe tools are in the cache: ISTIO_PLATFORM_CACHE, default ~/.cache/istio-platform.\n" +
            "ISTIO_PLATFORM_TOOLS=build does not use those on PATH.",
    );
    command.command("status").description("say what is ready, where it came from, and what is missing").action(status);
    command
        .command("build")
        .description("find or build what is missing; continues an interrupted build")
        .addArgument(new Argument("[groups...]", "what to make ready; default: everything").choices([...toolGroups]))
        .action(build);
    command
        .command("images")
        .description("list the images that are built for clusters without a registry")
        .option("--json", "as JSON")
        .action(images);
    command
        .command("pack")
        .description("make one archive of the finished tools, for machines without network and CI caches")
        .argument("<file>", "archive to write, for example tools.tar.zst")
        .action(packTools);
    command
        .command("unpack")
        .description("take an archive that pack has made; every file is checked")
        .argument("<file>", "archive to read")
        .option("--digest <sha256>", "digest of the archive, as pack has printed it")
        .action(unpackTools);
    command
        .command("clean")
        .description("remove tools of other versions, logs and downloads")
        .option("--go", "also Go's caches: the next build starts from nothing")
        .option("--all", "everything")
        .option("--dry-run", "only say what would be removed")
        .action(clean);
    return command;
}

function status(): void {
    const inventory = takeInventory();
    const directory = toolchainDirectory(inventory.key);
    const notes = new PartNotes(directory);
    console.log(directory);
    for (const group of toolGroups) {
        const missing = missingParts(inventory, [group], notes);
        const all = partsOf(inventory, [group]);
        console.log(`\n${group}: ${missing.length === 0 ? "ready" : `${missing.length} of ${all.length} missing`}`);
        for (const part of all) {
            const note = notes.find(part.name, part.inputs, part.file);
            const text = note === undefined ? "missing" : shorten(note.provenance);
            console.log(`  ${part.name.padEnd(28)}${text}`);
        }
    }
    if (missingParts(inventory, toolGroups, notes).length > 0)
        console.log('\n"npm run tools -- build" makes the missing ones.');
}

function shorten(text: string): string {
    return text.length <= 150 ? text : `${text.slice(0, 147)}...`;
}

async function build(groups: ToolGroup[]): Promise<void> {
    const begin = Date.now();
    const toolchain = await withProgress((context) =>
        ensureToolchain(groups.length > 0 ? groups : [...toolGroups], context),
    );
    console.log(`ready after ${((Date.now() - begin) / 1000).toFixed(1)} s: ${toolchain.directory}`);
}

async function images(options: { json?: boolean }): Promise<void> {
    const toolchain = await withProgress((context) => ensureToolchain(["mesh"], context));
    if (options.json) return console.log(JSON.stringify(toolchain.images, undefined, 2));
    for (const image of toolchain.images)
        console.log(
            `${image.name}\n  id       ${image.digest}\n  archive  ${image.archive}\n  content  ${image.provenance}`,
        );
}

async function packTools(file: string): Promise<void> {
    const result = await withProgress(async (context) => {
        const { directory } = await ensureToolchain([...toolGroups], context);
        return pack(directory, file, context);
    });
    console.log(`${result.file}  ${mebibytes(result.bytes)}\n${result.digest}`);
}

async function unpackTools(file: string, options: { digest?: string }): Promise<void> {
    const { key } = takeInventory();
    const directory = await withProgress((context) =>
        exclusively(context, () => unpack(file, key, context, options.digest)),
    );
    console.log(directory);
    const missing = missingParts(takeInventory(), toolGroups, new PartNotes(directory));
    if (missing.length > 0)
        console.log(`Made again when needed, for their sources differ: ${missing.map((part) => part.name).join(", ")}`);
}

async function clean(options: { go?: boolean; all?: boolean; dryRun?: boolean }): Promise<void> {
    const paths = removable({ currentKey: takeInventory().key, ...options });
    if (paths.length === 0) return console.log(`Nothing to remove in ${cacheDirectory()}.`);
    const remove = async () => {
        for (const path of paths.filter((candidate) => existsSync(candidate))) {
            console.log(`${options.dryRun ? "would remove" : "removing"} ${path}  ${mebibytes(await sizeOf(path))}`);
            if (!options.dryRun) await removeFromCache(path);
        }
    };
    await withProgress((context) => (options.dryRun ? remove() : exclusively(context, remove)));
}

/** Does something while nobody builds into the same cache. */
async function exclusively<T>(context: StepContext, action: () => Promise<T>): Promise<T> {
    const lock = await acquireLock(join(cacheDirectory(), "build.lock"), {
        purpose: "changing the cache",
        signal: context.signal,
        onWait: (owner) => context.onProgress(`process ${owner.pid} is ${owner.purpose}: waiting for it`),
    });
    try {
        return await action();
    } finally {
        lock.release();
    }
}

/** Runs a long step with its progress shown and Ctrl-C stopping it tidily. */
async function withProgress<T>(action: (context: StepContext) => Promise<T>): Promise<T> {
    const progress = new Progress();
    const log = join(cacheDirectory(), "logs", "tools.log");
    try {
        return await interruptible(async (signal) => {
            const result = await action({ onProgress: progress.line, signal, log });
            throwIfAborted(signal);
            return result;
        });
    } finally {
        progress.close();
    }
}

function mebibytes(bytes: number): string {
    return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
