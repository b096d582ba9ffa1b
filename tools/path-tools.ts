import { constants, realpathSync } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join, sep } from "node:path";
import { GoTool } from "./catalog";
import { run } from "./run";

/** A tool found on PATH, of the version that is wanted. */
export interface FoundTool {
    file: string;
    version: string;
}

/**
 * Looks for a tool of the wanted version on PATH, so that what the user has installed is used instead of built.
 * `ISTIO_PLATFORM_TOOLS=build` turns this off.
 *
 * @param exclude Folder whose content does not count: the cache itself.
 */
export async function findOnPath(
    tool: GoTool,
    exclude: string,
    env: NodeJS.ProcessEnv = process.env,
): Promise<FoundTool | undefined> {
    if (env.ISTIO_PLATFORM_TOOLS === "build" || tool.versionArguments === undefined) return undefined;
    const file = await which(tool.name, env);
    if (file === undefined || file.startsWith(exclude + sep)) return undefined;
    try {
        const version = versionIn(await run(file, tool.versionArguments, { timeout: 10_000, env }));
        return version !== undefined && isWanted(tool, version) ? { file, version } : undefined;
    } catch {
        return undefined;
    }
}

/** The first version number in what a program prints about itself, without a leading `v`. */
export function versionIn(output: string): string | undefined {
    return /\bv?(\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)/.exec(output)?.[1];
}

/** Whether a version is the pinned one, or a later release of its major version where that will do. */
export function isWanted(tool: Pick<GoTool, "version" | "orLater">, version: string): boolean {
    if (version === tool.version) return true;
    if (!tool.orLater || version.includes("-")) return false;
    const [found, wanted] = [version, tool.version].map((text) => text.split(".").map((part) => parseInt(part, 10)));
    if (found![0] !== wanted![0]) return false;
    return found![1]! > wanted![1]! || (found![1] === wanted![1] && found![2]! >= wanted![2]!);
}

/** The file that PATH leads to, with symbolic links resolved. */
export async function which(name: string, env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
    for (const directory of (env.PATH ?? "").split(delimiter).filter(Boolean)) {
        const file = join(directory, name);
        try {
            await access(file, constants.X_OK);
            return realpathSync(file);
        } catch {
            continue;
        }
    }
    return undefined;
}
