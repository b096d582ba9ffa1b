import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { cacheDirectory, publishFolder } from "./cache";
import { hashOf, hashOfFolder } from "./hash";
import { withLock } from "./lock";
import { withLocalBackend } from "./pulumi/backend";
import { downloadOfficial } from "./pulumi/download";
import { findOfficial, hasOfficialProviders } from "./pulumi/official";
import { isDownloadable } from "./pulumi/reachability";
import { installationIn, installStandIns, NODE_VARIABLE, standIns } from "./stand-in/install";
import { ensureToolchain } from "./toolchain";

/** Pulumi, ready to run this project's program. */
export interface PulumiInstallation {
    /** Path of the command line program. */
    command: string;
    /** Environment variables to run it with, besides those of this process. */
    env: Record<string, string>;
    /** What stands in for official parts of Pulumi; empty when everything is official. Every report made with stand-ins names them. */
    standIns: string[];
}

/** Options of {@link ensurePulumi}. */
export interface PulumiOptions {
    /** Called with one line of progress at a time. */
    onProgress?: (line: string) => void;
    signal?: AbortSignal;
}

/** Which Pulumi to use: environment variable `ISTIO_PLATFORM_PULUMI`. */
type Choice = "auto" | "official" | "stand-in";

/**
 * Finds or installs Pulumi: the official program and plugins where they are installed or can be downloaded, else the
 * program built from source with stand-ins for its language host and its provider plugins.
 *
 * `ISTIO_PLATFORM_PULUMI=official` or `=stand-in` settles the choice; the default `auto` looks.
 *
 * @throws UserError when Pulumi cannot be found, downloaded or built.
 */
export async function ensurePulumi(options: PulumiOptions = {}): Promise<PulumiInstallation> {
    const choice = choiceFrom(process.env);
    const official = choice === "stand-in" ? undefined : await findOrDownload(choice, options);
    return withLocalBackend(official ?? (await ensureStandIns(options)));
}

function choiceFrom(env: NodeJS.ProcessEnv): Choice {
    const choice = env.ISTIO_PLATFORM_PULUMI || "auto";
    if (choice === "auto" || choice === "official" || choice === "stand-in") return choice;
    throw new Error(`ISTIO_PLATFORM_PULUMI=${choice}: allowed are auto, official, stand-in.`);
}

async function findOrDownload(choice: Choice, options: PulumiOptions): Promise<PulumiInstallation | undefined> {
    const found = await findOfficial(options.onProgress);
    if (found && (hasOfficialProviders() || choice === "official" || (await isDownloadable())))
        return { command: found, env: { PULUMI_SKIP_UPDATE_CHECK: "true" }, standIns: [] };
    if (choice === "official" || (await isDownloadable())) return downloadOfficial(options, choice === "official");
    return undefined;
}

async function ensureStandIns({ onProgress, signal }: PulumiOptions): Promise<PulumiInstallation> {
    const { bin, directory: toolchain } = await ensureToolchain(["pulumi"], { onProgress, signal });
    const directory = join(cacheDirectory(), "pulumi", standInKey(toolchain));
    const { command, home } = installationIn(directory);
    if (!existsSync(command))
        await withLock(`${directory}.lock`, { purpose: "installing Pulumi's stand-ins", signal }, async () => {
            if (existsSync(command)) return;
            onProgress?.("Installing stand-ins for Pulumi's language host and providers ...");
            await publishFolder(directory, async (staged) => {
                await installStandIns({ command: join(bin, "pulumi"), directory: staged, signal });
            });
        });
    return {
        command,
        env: {
            PULUMI_HOME: home,
            PULUMI_SKIP_UPDATE_CHECK: "true",
            PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
            [NODE_VARIABLE]: process.execPath,
            PATH: [dirname(command), process.env.PATH].filter(Boolean).join(delimiter),
        },
        standIns: standIns().map(({ label }) => label),
    };
}

/** Equal sources, package versions and toolchain give an equal key. */
function standInKey(toolchain: string): string {
    const sources = hashOfFolder(join(__dirname, "stand-in"), (path) => path.endsWith(".ts"));
    return hashOf(toolchain, sources, ...standIns().map(({ name, version }) => `${name}@${version}`)).slice(0, 16);
}
