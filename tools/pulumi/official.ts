import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { versionIn } from "../path-tools";
import { run } from "../run";
import { isAtLeast, OLDEST_USABLE, packageVersion } from "./versions";

/** Folder of Pulumi's own settings and plugins. */
export function pulumiHome(env: NodeJS.ProcessEnv = process.env): string {
    return env.PULUMI_HOME || join(homedir(), ".pulumi");
}

/**
 * Looks for the official distribution on PATH: the command line program, recent enough, with its Node.js language host.
 * A program without language host is one that was built from source.
 */
export async function findOfficial(
    onProgress: (line: string) => void = () => {},
    env = process.env,
): Promise<string | undefined> {
    const command = onPath("pulumi", env);
    if (command === undefined) return undefined;
    const languageHost = join(dirname(realpathSync(command)), "pulumi-language-nodejs");
    if (!existsSync(languageHost) && onPath("pulumi-language-nodejs", env) === undefined) return undefined;
    const version = versionIn(
        await run(command, ["version"], { timeout: 10_000, env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" } }),
    );
    if (version !== undefined && isAtLeast(version, OLDEST_USABLE)) return command;
    onProgress(`Pulumi ${version ?? "of unknown version"} on PATH is not used: ${OLDEST_USABLE} or newer is needed.`);
    return undefined;
}

/** True when the official kubernetes provider is installed, in the version that the program asks for. */
export function hasOfficialProviders(env: NodeJS.ProcessEnv = process.env): boolean {
    return existsSync(join(pulumiHome(env), "plugins", `resource-kubernetes-v${packageVersion("@pulumi/kubernetes")}`));
}

function onPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
    return (env.PATH ?? "")
        .split(delimiter)
        .filter((directory) => directory !== "")
        .map((directory) => join(directory, name))
        .find(isExecutable);
}

function isExecutable(file: string): boolean {
    try {
        accessSync(file, constants.X_OK);
        return true;
    } catch {
        return false;
    }
}
