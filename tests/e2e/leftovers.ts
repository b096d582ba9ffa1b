import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const projectDirectory = join(__dirname, "..", "..");

/** What a cluster has left on this machine, one line each: empty when it is wholly gone. */
export async function leftovers(cluster: string): Promise<string[]> {
    const data = join(projectDirectory, ".local", "clusters", cluster);
    return [
        ...(existsSync(data) ? [`folder ${data}`] : []),
        ...processesOf(data),
        ...lines("/proc/self/mounts")
            .filter((line) => line.includes(`${data}/`))
            .map((line) => `mount ${line}`),
        ...list("/sys/class/net")
            .filter((name) => lines(`/sys/class/net/${name}/ifalias`).some((alias) => alias.includes(data)))
            .map((name) => `interface ${name}`),
        ...list("/sys/fs/cgroup").flatMap((hierarchy) =>
            list(join("/sys/fs/cgroup", hierarchy, "kubenode"))
                .filter((name) => name.startsWith(`${cluster}-`))
                .map((name) => `cgroup ${hierarchy}/kubenode/${name}`),
        ),
    ];
}

/** Processes that name the cluster's folder on their command line. */
function processesOf(data: string): string[] {
    return list("/proc")
        .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
        .map((pid) => ({ pid, command: lines(`/proc/${pid}/cmdline`).join("").replaceAll("\0", " ") }))
        .filter(({ command }) => command.includes(data))
        .map(({ pid, command }) => `process ${pid}: ${command}`);
}

function list(directory: string): string[] {
    try {
        return readdirSync(directory);
    } catch {
        return [];
    }
}

function lines(file: string): string[] {
    try {
        return readFileSync(file, "utf8").split("\n").filter(Boolean);
    } catch {
        return [];
    }
}
