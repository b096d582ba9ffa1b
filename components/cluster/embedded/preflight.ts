import type { EmbeddedClusterConfig } from "../../config/cluster";
import { UserError } from "../../../tools/errors";
import { gatherFacts, MachineFacts } from "./machine";
import { readStatus } from "./status";

/** Free disk that images, container layers and etcd of one cluster need, in bytes. Measured: 2 GiB with the whole platform. */
export const neededDisk = 4 * 2 ** 30;

/** Free memory that the control plane and the platform need, in bytes. Measured: 0.8 GiB without workloads, 2.5 with. */
export const neededMemory = 3 * 2 ** 30;

/** inotify instances that root needs for the first node with the control plane, and for each further one. Measured: 19, 8. */
const neededInotifyInstances = (nodes: number) => 22 + 9 * (nodes - 1);

/** The capabilities that running nodes takes, by their number in linux/capability.h. */
const neededCapabilities: Record<string, number> = {
    CAP_CHOWN: 0,
    CAP_DAC_OVERRIDE: 1,
    CAP_KILL: 5,
    CAP_NET_ADMIN: 12,
    CAP_NET_RAW: 13,
    CAP_SYS_CHROOT: 18,
    CAP_SYS_PTRACE: 19,
    CAP_SYS_ADMIN: 21,
    CAP_MKNOD: 27,
};

/** cgroup controllers that kubelet refuses to work without. */
const neededControllers = ["cpu", "cpuset", "memory", "pids"];

/** What to do on a machine that cannot run an embedded cluster at all. */
const elsewhere =
    'On other machines set "kind: kind" (Docker or Podman) for the cluster in the stack\'s configuration, or run this in a Linux virtual machine.';

/** One thing that keeps an embedded cluster from running here. */
export interface Problem {
    problem: string;
    remedy: string;
}

/** Everything that keeps a cluster from running on a machine, all at once. */
export function problemsOf(facts: MachineFacts, name = "local", nodes = 1): Problem[] {
    if (facts.platform !== "linux")
        return [{ problem: `The embedded cluster needs Linux; this is ${facts.platform}.`, remedy: elsewhere }];
    const problems: Problem[] = [];
    const found = (problem: string, remedy: string) => problems.push({ problem, remedy });
    const missing = Object.entries(neededCapabilities).filter(([, bit]) => !((facts.capabilities >> BigInt(bit)) & 1n));
    if (facts.user !== 0)
        found("Not running as root: namespaces, mounts and network interfaces need it.", "Run it with sudo.");
    else if (missing.length > 0)
        found(
            `root without ${missing.map(([capability]) => capability).join(", ")}: this looks like a restricted container.`,
            "Give the container these capabilities (docker run --privileged), or run it on the machine itself.",
        );
    const controllers = neededControllers.filter((controller) => !facts.cgroupControllers.includes(controller));
    if (controllers.length > 0)
        found(
            `cgroup controllers are missing: ${controllers.join(", ")}.`,
            "Enable them on the kernel's command line (cgroup_enable=...), or mount the cgroup file system.",
        );
    if (!facts.fileSystems.includes("overlay"))
        found("The kernel offers no overlay file system.", "Load it: modprobe overlay");
    if (!facts.hasBridgeFilter)
        found(
            "The kernel module br_netfilter is not loaded: Services would not work.",
            "Load it: modprobe br_netfilter",
        );
    if (facts.dataFileSystem === "overlay")
        found(
            "The project lies on an overlay file system (inside a container), on which containers cannot be stacked.",
            "Put the project on a volume or bind mount.",
        );
    if (facts.freeDisk < neededDisk)
        found(
            `Only ${gib(facts.freeDisk)} GiB are free where the project lies; ${gib(neededDisk)} GiB are needed.`,
            "Make room, or remove clusters: npm run cluster -- list",
        );
    if (facts.freeMemory < neededMemory)
        found(
            `Only ${gib(facts.freeMemory)} GiB of memory are free; ${gib(neededMemory)} GiB are needed.`,
            "End other programs, or stop other clusters: npm run cluster -- list",
        );
    for (const { port, owner } of facts.usedPorts)
        found(
            `Port ${port} of 127.0.0.1 is in use${owner ? ` by ${owner}` : ""}.`,
            `End that program, or change hostPorts of the cluster ${name} in the stack's configuration ([] opens none).`,
        );
    if (facts.freeInotifyInstances < neededInotifyInstances(nodes))
        found(
            `Only ${Math.max(0, facts.freeInotifyInstances)} inotify instances are free for root; ${neededInotifyInstances(nodes)} are needed.`,
            "Stop other clusters (npm run cluster -- list), or raise the limit: sysctl -w fs.inotify.max_user_instances=1024",
        );
    if (facts.freeSubnets === 0)
        found(
            "This machine has routes to all of 10.88.0.0/16: no network is free for the cluster.",
            "Remove the route that is not needed, or stop other clusters: npm run cluster -- list",
        );
    return problems;
}

/**
 * Checks that this machine can run a cluster that does not run yet.
 * @throws UserError (exit code 2) naming all problems at once.
 */
export async function checkMachine(
    cluster: Pick<EmbeddedClusterConfig, "name" | "nodes" | "hostPorts">,
): Promise<void> {
    if (process.platform === "linux" && readStatus(cluster.name).pid !== 0) return;
    const facts = await gatherFacts(cluster.hostPorts.map(({ hostPort }) => hostPort));
    const problems = problemsOf(facts, cluster.name, cluster.nodes.length);
    if (problems.length === 0) return;
    const list = problems.map(({ problem, remedy }) => `  - ${problem}\n    ${remedy}`).join("\n");
    throw new UserError(`This machine cannot run the embedded cluster ${cluster.name}:\n${list}`, 2);
}

const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
