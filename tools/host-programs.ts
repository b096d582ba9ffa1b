import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { publishFolder } from "./cache";
import { linkIptables, makeMergedUsr, PackageList } from "./debian";
import { UserError } from "./errors";
import { StepContext } from "./go";
import { which } from "./path-tools";
import { run } from "./run";

/** Programs to take from this machine in place of a list of Debian packages. */
interface ProgramList {
    required: string[];
    optional: string[];
}

const iptables = ["iptables", "iptables-save", "iptables-restore"];
const moreIptables = ["ip6tables", "ip6tables-save", "ip6tables-restore", "xtables-nft-multi", "xtables-legacy-multi"];

const programLists: Record<PackageList, ProgramList> = {
    system: {
        required: ["containerd", "containerd-shim-runc-v2", "ctr", "runc", "ip", "mount", "umount", ...iptables],
        optional: ["nft", "ipset", "conntrack", "nsenter", "modprobe", "ethtool", ...moreIptables],
    },
    "image-base": { required: iptables, optional: ["busybox", ...moreIptables] },
    redis: { required: ["redis-server", "redis-cli"], optional: ["redis-check-rdb"] },
};

/** Programs that Debian has in /usr/sbin, where the embedded cluster looks for them. */
const inSbin = /^(ip6?tables.*|xtables.*|runc|nft|ipset|conntrack|modprobe|ip)$/;

/** Where distributions keep the certificate authorities in one file. */
const certificateBundles = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
];

/** Where distributions without Debian's folders keep the extensions of iptables. */
const iptablesExtensions = ["/usr/lib/xtables", "/usr/lib64/xtables"];

/**
 * Makes the folder that the packages of a list would make from this machine's own programs and the libraries that they
 * load, for distributions without apt.
 *
 * @param more Further programs whose libraries are needed.
 * @returns What was copied, for the provenance of what is made of it.
 * @throws UserError naming what is missing.
 */
export async function copyFromHost(
    list: PackageList,
    target: string,
    context: StepContext,
    more: string[] = [],
): Promise<string[]> {
    const found = await findPrograms(programLists[list]);
    context.onProgress(`copying ${found.size} programs of this machine`);
    const libraries = await librariesOf([...found.values(), ...more], context);
    await publishFolder(target, async (staged) => {
        makeMergedUsr(staged);
        for (const [name, file] of found)
            await cp(file, join(staged, inSbin.test(name) ? "usr/sbin" : "usr/bin", name));
        for (const library of libraries) await cp(library, join(staged, library), { dereference: true });
        for (const folder of iptablesExtensions.filter(existsSync))
            await cp(folder, join(staged, folder), { recursive: true });
        const certificates = certificateBundles.find(existsSync);
        if (certificates) await cp(certificates, join(staged, certificateBundles[0]!), { dereference: true });
        if (found.has("xtables-nft-multi")) linkIptables(staged);
    });
    return [...found.keys()].map((name) => `${name} of this machine`);
}

async function findPrograms({ required, optional }: ProgramList): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const name of [...required, ...optional]) {
        const file = await which(name);
        if (file !== undefined) found.set(name, file);
    }
    const missing = required.filter((name) => !found.has(name));
    if (missing.length === 0) return found;
    throw new UserError(
        `An embedded cluster needs ${missing.join(", ")}, which is not on PATH, and this machine has no apt-get to fetch it with.\n` +
            `Install containerd, runc, iptables, iproute2, util-linux and redis with your package manager, or use a kind cluster.`,
    );
}

/** The shared libraries that programs load, and their loader, as absolute paths. */
async function librariesOf(programs: string[], { signal }: StepContext): Promise<Set<string>> {
    const libraries = new Set<string>();
    for (const program of programs) {
        // ldd fails on static programs: they need nothing.
        const listed = await run("ldd", [program], { signal }).catch(() => "");
        const { paths, missing } = parseLibraries(listed);
        if (missing.length > 0)
            throw new UserError(
                `${program} of this machine does not run: it needs ${missing.join(", ")}, and there is none. ` +
                    `Install the package with it again.`,
            );
        for (const path of paths) libraries.add(path);
    }
    return libraries;
}

/** The libraries in what ldd prints: those with their paths, and those that were not found. */
export function parseLibraries(listed: string): { paths: string[]; missing: string[] } {
    return {
        paths: [...listed.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!),
        missing: [...listed.matchAll(/(\S+) => not found/g)].map(([, name]) => name!),
    };
}
