import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { clustersDirectory } from "./paths";

/** What matters of a machine for an embedded cluster. */
export interface MachineFacts {
    /** As Node.js names it: linux, darwin ... */
    platform: NodeJS.Platform;
    /** Effective user id. */
    user: number;
    /** Effective capabilities, one bit each. */
    capabilities: bigint;
    cgroupControllers: string[];
    fileSystems: string[];
    /** Whether bridged packets pass the packet filter (module br_netfilter). */
    hasBridgeFilter: boolean;
    /** Type of the file system that holds the clusters' data. */
    dataFileSystem: string;
    /** In bytes. */
    freeDisk: number;
    /** In bytes. */
    freeMemory: number;
    /** The wanted ports that cannot be opened, each with the program that has it, where that can be seen. */
    usedPorts: { port: number; owner?: string }[];
    /** How many more inotify instances root may have: the kernel limits them per user, over all clusters. */
    freeInotifyInstances: number;
    /** How many of the 256 networks 10.88.N.0/24 no route of this machine leads to. */
    freeSubnets: number;
}

/** Reads them. @param ports Host ports that the cluster wants to open. */
export async function gatherFacts(ports: readonly number[]): Promise<MachineFacts> {
    const status = read("/proc/self/status");
    const disk = process.platform === "linux" ? freeDisk() : 0;
    return {
        platform: process.platform,
        user: process.geteuid?.() ?? -1,
        capabilities: BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(status)?.[1] ?? "0"}`),
        cgroupControllers: cgroupControllers(read("/proc/self/cgroup"), read("/sys/fs/cgroup/cgroup.controllers")),
        fileSystems: read("/proc/filesystems").split(/\s+/),
        hasBridgeFilter: existsSync("/proc/sys/net/bridge/bridge-nf-call-iptables"),
        dataFileSystem: fileSystemOf(clustersDirectory, read("/proc/self/mountinfo")),
        freeDisk: disk,
        freeMemory: freeMemory() ?? 0,
        usedPorts: await usedPorts(ports),
        freeInotifyInstances: freeInotifyInstances(),
        freeSubnets: freeSubnets(read("/proc/net/route")),
    };
}

/** The controllers of cgroup v1 hierarchies, or those that cgroup v2 hands down. */
export function cgroupControllers(processCgroups: string, unified: string): string[] {
    const v1 = processCgroups.split("\n").flatMap((line) => line.split(":")[1]?.split(",") ?? []);
    return [...v1, ...unified.split(/\s+/)].filter((name) => name !== "" && !name.startsWith("name="));
}

/** Type of the file system that a path lies on, from the text of mountinfo. */
export function fileSystemOf(path: string, mountinfo: string): string {
    let best = { point: "", type: "" };
    for (const line of mountinfo.split("\n")) {
        const [before, after] = line.split(" - ");
        const point = before?.split(" ")[4];
        const type = after?.split(" ")[0];
        if (point === undefined || type === undefined) continue;
        const contains = point === "/" || path === point || path.startsWith(`${point}/`);
        if (contains && point.length >= best.point.length) best = { point, type };
    }
    return best.type;
}

/** Counts the networks 10.88.N.0/24 that no route but the default one leads to, from the text of /proc/net/route. */
export function freeSubnets(routes: string): number {
    const taken = routes
        .split("\n")
        .slice(1)
        .map((line) => line.split("\t"))
        .filter((fields) => fields.length > 7)
        .map((fields) => ({ network: bigEndian(fields[1]!), mask: bigEndian(fields[7]!) }))
        .filter(({ mask }) => mask !== 0);
    let free = 0;
    for (let number = 0; number < 256; number++) {
        const subnet = ((10 << 24) | (88 << 16) | (number << 8)) >>> 0;
        const overlaps = taken.some(({ network, mask }) => {
            const common = (mask & 0xffffff00) >>> 0;
            return (subnet & common) >>> 0 === (network & common) >>> 0;
        });
        if (!overlaps) free++;
    }
    return free;
}

const bigEndian = (hex: string) => Buffer.from(hex, "hex").readUInt32LE();

function freeDisk(): number {
    mkdirSync(clustersDirectory, { recursive: true });
    const { bavail, bsize } = statfsSync(clustersDirectory);
    return bavail * bsize;
}

/** Memory that programs can have without others being swapped out, in bytes; undefined where the system does not tell. */
export function freeMemory(): number | undefined {
    const kibibytes = /^MemAvailable:\s*(\d+)/m.exec(read("/proc/meminfo"))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** The limit less what root's processes have open. */
export function freeInotifyInstances(): number {
    const limit = Number(read("/proc/sys/fs/inotify/max_user_instances"));
    if (!limit) return Infinity;
    let used = 0;
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
        try {
            if (statSync(`/proc/${pid}`).uid !== 0) continue;
            for (const fd of readdirSync(`/proc/${pid}/fd`))
                if (readlinkSync(`/proc/${pid}/fd/${fd}`) === "anon_inode:inotify") used++;
        } catch {
            // The process has ended, or a descriptor was closed meanwhile.
        }
    }
    return limit - used;
}

/** Those of some ports of 127.0.0.1 that cannot be opened. */
export async function usedPorts(ports: readonly number[]): Promise<{ port: number; owner?: string }[]> {
    return (await Promise.all(ports.map(usedPort))).filter((port) => port !== undefined);
}

/** Tries to open a port. */
function usedPort(port: number): Promise<{ port: number; owner?: string } | undefined> {
    return new Promise((resolve) => {
        const server = createServer();
        server.once("error", () => resolve({ port, owner: ownerOf(port) }));
        server.listen(port, "127.0.0.1", () => server.close(() => resolve(undefined)));
    });
}

/** The program that listens on a TCP port, as `name (process id)`. */
function ownerOf(port: number): string | undefined {
    const hex = port.toString(16).toUpperCase().padStart(4, "0");
    const listening = ["/proc/net/tcp", "/proc/net/tcp6"]
        .flatMap((file) => read(file).split("\n"))
        .map((line) => line.trim().split(/\s+/))
        .find((fields) => fields[1]?.endsWith(`:${hex}`) && fields[3] === "0A");
    if (!listening) return undefined;
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
        try {
            const owns = readdirSync(`/proc/${pid}/fd`).some(
                (fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${listening[9]}]`,
            );
            if (owns) return `${read(`/proc/${pid}/comm`).trim()} (process ${pid})`;
        } catch {
            // The process has ended, or a descriptor was closed meanwhile.
        }
    }
    return undefined;
}

function read(file: string): string {
    try {
        return readFileSync(file, "utf8");
    } catch {
        return "";
    }
}
