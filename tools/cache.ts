import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { UserError } from "./errors";
import { hashOf } from "./hash";

/** Folder of the project's tools: lock files, package lists, Go sources. */
export const toolsDirectory = __dirname;

/** Folder of the Go module that pins every tool built from source. */
export const goModuleDirectory = join(toolsDirectory, "go");

/**
 * Folder for everything that several clones on this machine can share: tools, images, Go's caches.
 * `ISTIO_PLATFORM_CACHE`, else `XDG_CACHE_HOME/istio-platform`, else `~/.cache/istio-platform`.
 */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
    if (env.ISTIO_PLATFORM_CACHE) return env.ISTIO_PLATFORM_CACHE;
    return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "istio-platform");
}

/** The operating system that the tools are made for: Debian packages differ from release to release. */
export function platformName(osRelease: string | undefined = read("/etc/os-release")): string {
    const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(osRelease ?? "")?.[1];
    return [process.platform, process.arch, field("ID"), field("VERSION_ID")].filter(Boolean).join("-");
}

/** The files whose content decides which tools are needed. */
const lockFiles = ["go/go.mod", "go/go.sum", "envoy/requirements.txt", "debian/system.txt", "debian/image-base.txt"];

/**
 * Key of a toolchain: equal lock files on an equal platform give an equal key.
 * @param recipe What else decides how the tools are built: the linker flags, the list of programs.
 */
export function toolchainKey(recipe: string, directory = toolsDirectory, platform = platformName()): string {
    return hashOf(platform, recipe, ...lockFiles.map((file) => readFileSync(join(directory, file)))).slice(0, 16);
}

/** Writes a file so that readers see the old content or the new, never a part. */
export function writeAtomically(file: string, content: string): void {
    mkdirSync(dirname(file), { recursive: true });
    const staged = stagingName(file);
    writeFileSync(staged, content);
    renameSync(staged, file);
}

/** A name beside the target, for a file or folder that is renamed to the target when it is complete. */
export function stagingName(target: string): string {
    return join(dirname(target), `.staged-${randomBytes(6).toString("hex")}`);
}

/**
 * Makes a folder by a function and publishes it by rename, replacing an older one: nobody ever sees it half-filled.
 * @param fill Fills the folder that it is given.
 */
export async function publishFolder(target: string, fill: (staged: string) => Promise<void>): Promise<void> {
    const staged = stagingName(target);
    mkdirSync(staged, { recursive: true });
    try {
        await fill(staged);
        const old = stagingName(target);
        const replaced = renameIfThere(target, old);
        renameSync(staged, target);
        if (replaced) rmSync(old, { recursive: true, force: true });
    } catch (error) {
        rmSync(staged, { recursive: true, force: true });
        throw error;
    }
}

function renameIfThere(from: string, to: string): boolean {
    try {
        renameSync(from, to);
        return true;
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
        throw error;
    }
}

/**
 * Checks for free disk space before a long step fails for lack of it.
 * @param gibibytes What the step needs at most.
 * @throws UserError when there is less.
 */
export function requireFreeSpace(directory: string, gibibytes: number, purpose: string): void {
    mkdirSync(directory, { recursive: true });
    const { bavail, bsize } = statfsSync(directory);
    const free = (bavail * bsize) / 2 ** 30;
    if (free >= gibibytes) return;
    throw new UserError(
        `Not enough disk space: ${purpose} needs up to ${gibibytes} GiB below ${directory}, and ${free.toFixed(1)} GiB are free.\n` +
            `Free some (npm run tools -- clean removes what earlier versions left), or set ISTIO_PLATFORM_CACHE to a folder on a larger disk.`,
    );
}

function read(file: string): string | undefined {
    try {
        return readFileSync(file, "utf8");
    } catch {
        return undefined;
    }
}
