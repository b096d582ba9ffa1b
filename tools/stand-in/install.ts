import { execFile } from "node:child_process";
import { chmod, copyFile, link, mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { packageVersion } from "../pulumi/versions";
import { bundleStandIn, StandIn } from "./bundle";

export { NODE_VARIABLE } from "./bundle";

const execute = promisify(execFile);
const packages = createRequire(__filename);

/** All stand-ins, in the versions of the npm packages that they serve. */
export function standIns(): StandIn[] {
    const entry = (folder: string) => join(__dirname, folder, "main.ts");
    return [
        {
            kind: "language",
            name: "nodejs",
            version: packageVersion("@pulumi/pulumi"),
            label: "language host",
            entry: entry("language-host"),
        },
        {
            kind: "resource",
            name: "kubernetes",
            version: packageVersion("@pulumi/kubernetes"),
            label: "kubernetes provider",
            entry: entry("kubernetes-provider"),
        },
        {
            kind: "resource",
            name: "aws",
            version: packageVersion("@pulumi/aws"),
            label: "aws provider (previews only)",
            entry: entry("cloud-provider"),
        },
        {
            kind: "resource",
            name: "eks",
            version: packageVersion("@pulumi/eks"),
            label: "eks provider (previews only)",
            entry: entry("cloud-provider"),
        },
    ];
}

/** What the installation of the stand-ins needs. */
export interface InstallOptions {
    /** Pulumi's command line program. */
    command: string;
    /** Folder to install into; it gets `bin` (the program with what is bundled with it) and `home` (its PULUMI_HOME). */
    directory: string;
    signal?: AbortSignal;
}

/** A Pulumi with stand-ins. */
export interface StandInInstallation {
    command: string;
    home: string;
}

/** Where {@link installStandIns} puts things. */
export function installationIn(directory: string): StandInInstallation {
    return { command: join(directory, "bin", "pulumi"), home: join(directory, "home") };
}

/**
 * Builds the stand-ins. The language host and the provider of dynamic resources (which @pulumi/pulumi brings) go beside a copy
 * of Pulumi's program, as in its official distribution; the other providers into a private PULUMI_HOME. No project file is touched.
 */
export async function installStandIns({ command, directory, signal }: InstallOptions): Promise<StandInInstallation> {
    const installation = installationIn(directory);
    const bin = dirname(installation.command);
    await mkdir(bin, { recursive: true });
    await linkOrCopy(command, installation.command);
    await copyDynamicProvider(bin);
    const workspace = await mkdtemp(join(tmpdir(), "pulumi-stand-ins-"));
    try {
        await Promise.all(
            standIns().map((standIn) =>
                bundleStandIn(standIn, standIn.kind === "language" ? bin : join(workspace, standIn.name)),
            ),
        );
        for (const { name, version } of standIns().filter(({ kind }) => kind === "resource"))
            await execute(
                installation.command,
                ["plugin", "install", "resource", name, `v${version}`, "--file", join(workspace, name), "--reinstall"],
                { env: { ...process.env, PULUMI_HOME: installation.home, PULUMI_SKIP_UPDATE_CHECK: "true" }, signal },
            );
    } finally {
        await rm(workspace, { recursive: true, force: true });
    }
    return installation;
}

/** Gives a file a second name; copies it when both are not on the same file system. */
async function linkOrCopy(from: string, to: string): Promise<void> {
    const source = await realpath(from);
    await link(source, to).catch(() => copyFile(source, to));
}

async function copyDynamicProvider(directory: string): Promise<void> {
    const name = "pulumi-resource-pulumi-nodejs";
    const target = join(directory, name);
    await copyFile(join(dirname(packages.resolve("@pulumi/pulumi/package.json")), name), target);
    await chmod(target, 0o755);
}
