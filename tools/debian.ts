import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory, publishFolder, toolsDirectory } from "./cache";
import { UserError } from "./errors";
import { StepContext } from "./go";
import { which } from "./path-tools";
import { ProcessFailure, run } from "./run";

/** A list of packages: tools/debian/<name>.txt. */
export type PackageList = "system" | "image-base" | "redis";

/** Where `apt-get` keeps what it downloads for this project; nothing of the host's package management is written. */
const aptDirectory = () => join(cacheDirectory(), "apt");

/** The names in a package list; `#` begins a comment. */
export function readPackageList(list: PackageList, directory = toolsDirectory): string[] {
    return parsePackageList(readFileSync(join(directory, "debian", `${list}.txt`), "utf8"));
}

/** The names in the text of a package list. */
export function parsePackageList(text: string): string[] {
    return text
        .split("\n")
        .map((line) => line.replace(/#.*/, "").trim())
        .filter((line) => line !== "");
}

/** Whether this machine has Debian's package tools. */
export async function isDebianLike(): Promise<boolean> {
    return (await which("apt-get")) !== undefined && (await which("dpkg-deb")) !== undefined;
}

/**
 * Downloads the packages of a list and extracts them into one folder, without installing anything.
 *
 * apt checks signatures and digests as always. Should the machine's package lists be missing or out of date, lists of the
 * project's own are fetched beside them.
 *
 * @returns The packages with their versions, for the provenance of what is made of them.
 */
export async function extractPackages(list: PackageList, target: string, context: StepContext): Promise<string[]> {
    const archives = await downloadPackages(list, context);
    context.onProgress(`extracting ${archives.length} Debian packages`);
    await publishFolder(target, async (staged) => {
        makeMergedUsr(staged);
        for (const archive of archives) await extract(archive, staged, context);
        removeDocumentation(staged);
        linkIptables(staged);
        bundleCertificates(staged);
    });
    return archives.map((archive) => describe(archive));
}

async function downloadPackages(list: PackageList, context: StepContext): Promise<string[]> {
    const directory = join(aptDirectory(), list);
    const names = readPackageList(list);
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    context.onProgress(`downloading ${names.length} Debian packages`);
    try {
        await download(names, directory, [], context);
    } catch (error) {
        if (!(error instanceof ProcessFailure)) throw error;
        context.onProgress("fetching package lists");
        await downloadWithOwnLists(names, directory, context);
    }
    return readdirSync(directory)
        .filter((file) => file.endsWith(".deb"))
        .sort()
        .map((file) => join(directory, file));
}

async function downloadWithOwnLists(names: string[], directory: string, context: StepContext): Promise<void> {
    const lists = join(aptDirectory(), "lists");
    mkdirSync(join(lists, "partial"), { recursive: true });
    const options = ["-o", `Dir::State::lists=${lists}`];
    try {
        await apt([...options, "update"], context);
        await download(names, directory, options, context);
    } catch (error) {
        if (!(error instanceof ProcessFailure)) throw error;
        throw new UserError(
            `Debian packages cannot be downloaded.\n${error.message}\nThe whole output is in ${context.log}.\n` +
                `Check the network and /etc/apt/sources.list, that "apt-get download containerd" works, and run the command again.`,
        );
    }
}

async function download(names: string[], cwd: string, options: string[], context: StepContext): Promise<void> {
    const resolved = await resolveNames(names, options, context);
    await apt([...options, "download", ...resolved], context, cwd);
}

/** Replaces names that this release does not know by their form with 64-bit time, `libssl3t64` for `libssl3`. */
async function resolveNames(names: string[], options: string[], context: StepContext): Promise<string[]> {
    const known = new Set((await aptCache([...options, "pkgnames"], context)).split("\n"));
    return names.map((name) => (!known.has(name) && known.has(`${name}t64`) ? `${name}t64` : name));
}

function privateCache(): string[] {
    const cache = join(aptDirectory(), "cache");
    mkdirSync(join(cache, "archives", "partial"), { recursive: true });
    return ["-o", `Dir::Cache=${cache}`, "-o", "APT::Sandbox::User=", "-q"];
}

function apt(args: string[], context: StepContext, cwd?: string): Promise<string> {
    const { log, signal } = context;
    return run("apt-get", [...privateCache(), ...args], {
        cwd,
        log,
        signal,
        env: { ...process.env, LC_ALL: "C.UTF-8" },
    });
}

function aptCache(args: string[], { signal }: StepContext): Promise<string> {
    return run("apt-cache", [...privateCache(), ...args], { signal });
}

/** `/bin`, `/sbin` and `/lib*` are links into `/usr`, for packages of before and after the merge alike. */
export function makeMergedUsr(root: string): void {
    for (const name of ["bin", "sbin", "lib", "lib64"]) {
        mkdirSync(join(root, "usr", name), { recursive: true });
        symlinkSync(join("usr", name), join(root, name));
    }
    for (const name of ["etc", "run", "tmp", "var"]) mkdirSync(join(root, name));
}

async function extract(archive: string, root: string, { signal, log }: StepContext): Promise<void> {
    const script =
        'set -o pipefail; dpkg-deb --fsys-tarfile "$1" | tar -C "$2" --keep-directory-symlink --no-same-owner -xf -';
    await run("bash", ["-c", script, "extract", archive, root], { signal, log });
}

/** Removes what nobody reads in a container or a node. */
function removeDocumentation(root: string): void {
    for (const name of ["doc", "man", "lintian", "bug", "locale", "info"])
        rmSync(join(root, "usr/share", name), { recursive: true, force: true });
    for (const library of readdirSync(join(root, "usr/lib")))
        rmSync(join(root, "usr/lib", library, "gconv"), { recursive: true, force: true });
}

/** Makes iptables the one that writes nftables, as the package's installation script does. */
export function linkIptables(root: string): void {
    for (const program of ["iptables", "ip6tables"])
        for (const suffix of ["", "-save", "-restore"]) {
            const link = join(root, "usr/sbin", program + suffix);
            rmSync(link, { force: true });
            symlinkSync("xtables-nft-multi", link);
        }
}

/** The certificate authorities in one file, as update-ca-certificates makes it; those of this machine alone stay out. */
function bundleCertificates(root: string): void {
    const source = join(root, "usr/share/ca-certificates/mozilla");
    if (!existsSync(source)) return;
    const certificates = readdirSync(source).sort();
    const bundle = certificates.map((file) => readFileSync(join(source, file), "utf8").trimEnd() + "\n").join("");
    mkdirSync(join(root, "etc/ssl/certs"), { recursive: true });
    writeFileSync(join(root, "etc/ssl/certs/ca-certificates.crt"), bundle);
}

/** `name version` of a package's file, whose name is `name_version_architecture.deb` with `%3a` for a colon. */
export function describe(archive: string): string {
    const [name, version] = decodeURIComponent(archive.slice(archive.lastIndexOf("/") + 1)).split("_");
    return `${name} ${version}`;
}
