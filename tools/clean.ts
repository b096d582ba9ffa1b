import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "./cache";
import { run } from "./run";

/** What can be removed. */
export interface CleanOptions {
    /** Key of the toolchain in use, which stays unless everything goes. */
    currentKey: string;
    /** Also Go's caches: the next build starts from nothing. Default: false. */
    go?: boolean;
    /** Everything, the current toolchain too. Default: false. */
    all?: boolean;
}

/**
 * The files and folders of the cache that a clean-up removes: toolchains of other versions, leftovers of interrupted steps,
 * logs; on request Go's caches or everything. What is there and not known stays, unless everything goes.
 */
export function removable(options: CleanOptions, cache = cacheDirectory()): string[] {
    const entries = (directory: string) =>
        existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
    const toolchains = entries(join(cache, "toolchain")).filter(
        (path) => options.all || !path.endsWith(`/${options.currentKey}`),
    );
    const leftovers = entries(cache).filter((path) => /\/\.staged-[0-9a-f]+$/.test(path));
    const always = ["logs", "apt", "wheels", "registries"].map((name) => join(cache, name));
    const go = options.go || options.all ? [join(cache, "go")] : [];
    return [...toolchains, ...leftovers, ...always, ...go].filter((path) => existsSync(path));
}

/** Removes a file or folder of the cache. Go makes the modules' files read-only, so write permission is given first. */
export async function removeFromCache(path: string): Promise<void> {
    await run("chmod", ["-R", "u+w", path]).catch(() => undefined);
    rmSync(path, { recursive: true, force: true });
}

/** Size of a folder on disk in bytes. */
export async function sizeOf(path: string): Promise<number> {
    return Number((await run("du", ["-s", "-B1", path])).split("\t")[0]);
}
