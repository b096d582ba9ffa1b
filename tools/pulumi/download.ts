import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { cacheDirectory, publishFolder } from "../cache";
import { UserError } from "../errors";
import { hashOfFile } from "../hash";
import { withLock } from "../lock";
import type { PulumiInstallation, PulumiOptions } from "../pulumi";
import { run } from "../run";
import { pulumiVersion } from "./versions";

/** Where Pulumi offers its releases. `ISTIO_PLATFORM_PULUMI_DOWNLOADS`, else the official server. */
export function downloadServer(env: NodeJS.ProcessEnv = process.env): string {
    return (env.ISTIO_PLATFORM_PULUMI_DOWNLOADS || "https://get.pulumi.com").replace(/\/$/, "");
}

/** The name of the release archive for a machine. */
export function archiveName(
    version: string,
    platform: NodeJS.Platform = process.platform,
    architecture: string = process.arch,
): string {
    return `pulumi-v${version}-${platform}-${architecture}.tar.gz`;
}

/**
 * Downloads the official distribution into the cache, checks it against its published checksums and unpacks it.
 * @param required Whether a failure is an error; otherwise it is told and undefined is returned.
 */
export async function downloadOfficial(
    options: PulumiOptions,
    required: boolean,
): Promise<PulumiInstallation | undefined> {
    const version = pulumiVersion();
    const directory = join(cacheDirectory(), "pulumi", `official-${version}`);
    const bin = join(directory, "pulumi");
    const installation = {
        command: join(bin, "pulumi"),
        env: { PULUMI_SKIP_UPDATE_CHECK: "true", PATH: [bin, process.env.PATH].filter(Boolean).join(delimiter) },
        standIns: [],
    };
    try {
        if (!existsSync(installation.command))
            await withLock(`${directory}.lock`, { purpose: "downloading Pulumi", signal: options.signal }, async () => {
                if (!existsSync(installation.command))
                    await publishFolder(directory, (staged) => fetchInto(staged, version, options));
            });
        return installation;
    } catch (error) {
        if (required || options.signal?.aborted) throw error;
        options.onProgress?.(`${(error as Error).message} Stand-ins are used instead.`);
        return undefined;
    }
}

async function fetchInto(directory: string, version: string, { onProgress, signal }: PulumiOptions): Promise<void> {
    const archive = archiveName(version);
    const releases = `${downloadServer()}/releases/sdk`;
    const workspace = await mkdtemp(join(tmpdir(), "pulumi-download-"));
    try {
        onProgress?.(`Downloading Pulumi ${version} ...`);
        const sums = join(workspace, "checksums.txt");
        await save(`${releases}/pulumi-${version}-checksums.txt`, sums, signal);
        const file = join(workspace, archive);
        await save(`${releases}/${archive}`, file, signal);
        const wanted = checksumOf(archive, readFileSync(sums, "utf8"));
        const actual = await hashOfFile(file);
        if (wanted !== actual)
            throw new UserError(
                `${releases}/${archive} has SHA-256 ${actual}, but ${wanted ?? "none"} is published for it.`,
            );
        await run("tar", ["-xzf", file, "-C", directory], { signal });
    } finally {
        await rm(workspace, { recursive: true, force: true });
    }
}

async function save(url: string, file: string, signal: AbortSignal | undefined): Promise<void> {
    let response: Response;
    try {
        response = await fetch(url, { signal });
    } catch (error) {
        throw new UserError(`${url} could not be downloaded: ${String((error as Error).cause ?? error)}.`);
    }
    if (!response.ok) throw new UserError(`${url} could not be downloaded: HTTP ${response.status}.`);
    await writeFile(file, Buffer.from(await response.arrayBuffer()));
}

/** The SHA-256 of a file in a list as sha256sum writes it. */
export function checksumOf(name: string, list: string): string | undefined {
    return list
        .split("\n")
        .map((line) => line.trim().split(/\s+\*?/))
        .find(([, file]) => file === name)?.[0];
}
