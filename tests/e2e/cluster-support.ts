import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Asks again until the answer is truthy; an error counts as "not yet". */
export async function pollUntil<T>(what: string, limit: number, ask: () => Promise<T>): Promise<NonNullable<T>> {
    let last: unknown;
    for (const end = Date.now() + limit; Date.now() < end; await delay(50)) {
        try {
            const answer = await ask();
            if (answer) return answer;
            last = answer;
        } catch (error) {
            last = error;
        }
    }
    throw new Error(`${what}: not within ${limit / 1000} s; last: ${String(last)}`);
}

/** Process ids of a program in a cluster, as seen from this machine. */
export async function processesOfCluster(cluster: string, program: string): Promise<number[]> {
    return readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .filter((pid) => {
            const text = (file: string) => readText(join("/proc", pid, file));
            const [command = ""] = text("cmdline").split("\0");
            return command.split("/").pop() === program && text("cgroup").includes(`/kubenode/${cluster}-`);
        })
        .map(Number);
}

/** Settings that the kernel changes by itself. */
const volatile =
    /^(fs\/(dentry-state|inode-|file-nr|quota)|kernel\/(random|ns_last_pid|pty\/nr)|net\/netfilter\/nf_conntrack_count)/;

/** Kernel settings of this machine, but those that change by themselves and those of single network interfaces. */
export async function hostSettings(): Promise<Map<string, string>> {
    const settings = new Map<string, string>();
    const visit = (folder: string) => {
        for (const name of readdirSync(join("/proc/sys", folder))) {
            const path = folder === "" ? name : `${folder}/${name}`;
            if (/^net\/ipv[46]\/(conf|neigh)\/(?!all$|default$)/.test(path) || volatile.test(path)) continue;
            const info = statSync(join("/proc/sys", path));
            if (info.isDirectory()) visit(path);
            else if (info.mode & 0o400) settings.set(path, readText(join("/proc/sys", path)));
        }
    };
    visit("");
    return settings;
}

function readText(file: string): string {
    try {
        return readFileSync(file, "utf8");
    } catch {
        return "";
    }
}
