import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "../../tools/cache";
import { takeInventory } from "../../tools/inventory";
import { findOnPath } from "../../tools/path-tools";
import { ensureToolchain, toolchainDirectory } from "../../tools/toolchain";

/** istioctl of the toolchain or of the PATH, when there is one of the pinned version: nothing is built for it. */
export async function findIstioctl(): Promise<string | undefined> {
    const { key, parts } = takeInventory();
    const { file, tool } = parts.find(({ name }) => name === "go/istioctl")!;
    const built = join(toolchainDirectory(key), file);
    return existsSync(built) ? built : (await findOnPath(tool!, cacheDirectory()))?.file;
}

/** istioctl, built when there is none: minutes the first time. */
export async function buildIstioctl(onProgress: (line: string) => void): Promise<string> {
    return join((await ensureToolchain(["mesh"], { onProgress })).bin, "istioctl");
}
