import {
    existsSync,
    lstatSync,
    mkdirSync,
    openSync,
    readdirSync,
    readFileSync,
    readlinkSync,
    readSync,
    renameSync,
    rmSync,
} from "node:fs";
import { closeSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { cacheDirectory, requireFreeSpace, stagingName } from "./cache";
import { throwIfAborted, UserError } from "./errors";
import { StepContext } from "./go";
import { hashOfFile } from "./hash";
import { which } from "./path-tools";
import { ProcessFailure, run } from "./run";

/** The list of contents at the beginning of a packed toolchain. */
interface Manifest {
    format: 1;
    /** Key of the toolchain: digest of the lock files that it was made from. */
    key: string;
    /** Each file below the toolchain's folder: `sha256:...` of its content, or `-> target` of a symbolic link. */
    files: Record<string, string>;
}

/** A packed toolchain on disk. */
export interface Pack {
    file: string;
    /** `sha256:...` of the archive. */
    digest: string;
    bytes: number;
}

const manifestName = "manifest.json";

/**
 * Packs a finished toolchain, without Go's caches, into one archive: zstd where the machine has it, else gzip.
 * @param directory The toolchain's folder; its name is its key.
 */
export async function pack(directory: string, file: string, context: StepContext): Promise<Pack> {
    const target = resolve(file);
    if (existsSync(target)) throw new UserError(`${target} exists. Remove it, or choose another name.`);
    if (!existsSync(dirname(target)))
        throw new UserError(`${dirname(target)} is no folder. Create it, or choose another.`);
    const key = directory.slice(directory.lastIndexOf("/") + 1);
    const work = stagingName(join(cacheDirectory(), "pack"));
    const staged = stagingName(target);
    mkdirSync(work, { recursive: true });
    try {
        context.onProgress("computing digests");
        const manifest: Manifest = { format: 1, key, files: await digests(directory, context.signal) };
        writeFileSync(join(work, manifestName), JSON.stringify(manifest, undefined, 1));
        const compress = (await which("zstd")) ? "zstd -3 -T0" : "gzip -6";
        context.onProgress(`compressing with ${compress.split(" ")[0]}`);
        const order = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner"];
        const content = ["-C", work, manifestName, "-C", dirname(directory), key];
        await tar([...order, "-I", compress, "-cf", staged, ...content], context);
        const digest = `sha256:${await hashOfFile(staged)}`;
        renameSync(staged, target);
        return { file: target, digest, bytes: statSync(target).size };
    } finally {
        rmSync(work, { recursive: true, force: true });
        rmSync(staged, { force: true });
    }
}

/**
 * Takes a packed toolchain into the cache. Every file is checked against the archive's list before anything is used.
 *
 * @param key Key of the toolchain that this checkout needs: another one is refused.
 * @param digest Digest that the archive itself must have, for archives that travelled. Default: not checked.
 * @returns The toolchain's folder.
 */
export async function unpack(file: string, key: string, context: StepContext, digest?: string): Promise<string> {
    const archive = resolve(file);
    if (!existsSync(archive)) throw new UserError(`${archive} does not exist.`);
    if (digest !== undefined) await requireDigest(archive, digest, context);
    const target = join(cacheDirectory(), "toolchain", key);
    requireFreeSpace(cacheDirectory(), 3, "unpacking tools");
    const work = stagingName(target);
    mkdirSync(work, { recursive: true });
    try {
        context.onProgress("extracting");
        await tar(["-I", await decompressorFor(archive), "--no-same-owner", "-xpf", archive, "-C", work], context);
        const manifest = readManifest(join(work, manifestName), archive);
        if (manifest.key !== key)
            throw new UserError(
                `${archive} holds the tools of another version of this project (key ${manifest.key}; this one needs ${key}).\n` +
                    `Pack them from the same commit, on the same operating system and processor.`,
            );
        context.onProgress("checking digests");
        compare(manifest.files, await digests(join(work, key), context.signal), archive);
        rmSync(target, { recursive: true, force: true });
        renameSync(join(work, key), target);
        return target;
    } finally {
        rmSync(work, { recursive: true, force: true });
    }
}

async function requireDigest(archive: string, digest: string, context: StepContext): Promise<void> {
    context.onProgress("checking the archive's digest");
    const found = `sha256:${await hashOfFile(archive)}`;
    if (found === digest || found === `sha256:${digest}`) return;
    throw new UserError(
        `${archive} is not the archive that was packed: its digest is ${found}, expected ${digest}. Copy it again.`,
    );
}

/** Digest of each file, target of each symbolic link, by sorted path. */
async function digests(directory: string, signal?: AbortSignal): Promise<Record<string, string>> {
    const result: Record<string, string> = {};
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    const paths = entries.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort();
    for (const path of paths) {
        throwIfAborted(signal);
        const kind = lstatSync(path);
        if (kind.isSymbolicLink()) result[relative(directory, path)] = `-> ${readlinkSync(path)}`;
        else if (kind.isFile()) result[relative(directory, path)] = `sha256:${await hashOfFile(path)}`;
    }
    return result;
}

function compare(expected: Record<string, string>, found: Record<string, string>, archive: string): void {
    const problems = [...new Set([...Object.keys(expected), ...Object.keys(found)])]
        .filter((path) => expected[path] !== found[path])
        .map((path) => `${path}: ${found[path] ? (expected[path] ? "altered" : "not in the list") : "missing"}`);
    if (problems.length === 0) return;
    const shown = problems.slice(0, 5).join("\n    ");
    throw new UserError(
        `${archive} is damaged: ${problems.length} of its files are not as packed.\n    ${shown}\nCopy or pack it again; nothing was changed here.`,
    );
}

function readManifest(file: string, archive: string): Manifest {
    try {
        const manifest = JSON.parse(readFileSync(file, "utf8")) as Manifest;
        if (manifest.format === 1 && typeof manifest.key === "string") return manifest;
    } catch {
        // Said below.
    }
    throw new UserError(`${archive} is no archive made by "npm run tools -- pack".`);
}

async function decompressorFor(archive: string): Promise<string> {
    const magic = Buffer.alloc(4);
    const descriptor = openSync(archive, "r");
    readSync(descriptor, magic, 0, 4, 0);
    closeSync(descriptor);
    if (magic.readUInt16BE(0) === 0x1f8b) return "gzip";
    if (magic.readUInt32BE(0) !== 0x28b52ffd)
        throw new UserError(
            `${archive} is neither a zstd nor a gzip file, so it was not made by "npm run tools -- pack".`,
        );
    if (await which("zstd")) return "zstd";
    throw new UserError(`${archive} is compressed with zstd, and this machine has no zstd. Install the package zstd.`);
}

async function tar(args: string[], context: StepContext): Promise<void> {
    try {
        await run("tar", args, { log: context.log, signal: context.signal });
    } catch (error) {
        if (!(error instanceof ProcessFailure)) throw error;
        throw new UserError(`The archive cannot be ${args.includes("-xpf") ? "read" : "written"}.\n${error.message}`);
    }
}
