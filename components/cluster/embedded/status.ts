import { existsSync, readdirSync, readFileSync } from "node:fs";
import { clusterPaths, clustersDirectory } from "./paths";

/** A program that runs in a node. */
export interface ComponentStatus {
    name: string;
    /** `failed`: given up, because it ended again and again. */
    state: "running" | "restarting" | "failed";
    restarts: number;
    lastExit?: string;
    log: string;
}

/** A node. */
export interface NodeStatus {
    name: string;
    zone: string;
    address: string;
    /** The node's first process, as seen from this machine. */
    pid: number;
    components: ComponentStatus[];
}

/** An embedded cluster as its supervisor describes it: tools/go/kubenode/status.go. */
export interface ClusterStatus {
    name: string;
    /**
     * `absent`: there is no such cluster. `degraded`: it works as far as it can without a component that keeps ending.
     * `killed`: the supervisor is gone without having stopped the cluster; nothing runs any more.
     */
    phase: "absent" | "starting" | "ready" | "degraded" | "stopping" | "stopped" | "failed" | "killed";
    reason?: string;
    /** The supervisor's process id; 0 when it does not run. */
    pid: number;
    started?: string;
    kubeconfig: string;
    gateway: string;
    interface: string;
    hostPorts: { hostPort: number; nodePort: number }[];
    nodes: NodeStatus[];
    /** Name -> digest of what was imported since the start. */
    images: Record<string, string>;
    /** Seconds from the start to what was reached. */
    milestones: Record<string, number>;
    events: { time: string; node?: string; message: string }[];
}

/** Reads what the supervisor wrote last, and whether that supervisor still runs. Takes no more than a millisecond. */
export function readStatus(name: string): ClusterStatus {
    const paths = clusterPaths(name);
    const empty: ClusterStatus = {
        name,
        phase: existsSync(paths.config) ? "stopped" : "absent",
        pid: 0,
        kubeconfig: paths.kubeconfig,
        gateway: "",
        interface: "",
        hostPorts: [],
        nodes: [],
        images: {},
        milestones: {},
        events: [],
    };
    if (!existsSync(paths.status)) return empty;
    const status = { ...empty, ...(JSON.parse(readFileSync(paths.status, "utf8")) as Partial<ClusterStatus>) };
    if (isSupervisor(status.pid, paths.directory)) return status;
    if (status.phase !== "stopped" && status.phase !== "failed") {
        status.phase = "killed";
        status.reason = "the supervisor was killed, or the machine was restarted";
    }
    return { ...status, pid: 0 };
}

/** Whether the cluster answers: only then may anything be sent to its addresses (see {@link nodeAddress}). */
export function isRunning(status: ClusterStatus): boolean {
    return status.pid !== 0 && (status.phase === "ready" || status.phase === "degraded");
}

/**
 * Address of the first node, where NodePorts answer.
 * While the cluster is down, packets to it leave the machine through its default gateway: ask {@link isRunning} first.
 */
export function nodeAddress(status: ClusterStatus): string {
    const address = status.nodes[0]?.address;
    if (!isRunning(status) || address === undefined)
        throw new Error(`The cluster ${status.name} does not run (${status.phase}).`);
    return address;
}

/** Names of the clusters of this clone. */
export function clusterNames(): string[] {
    if (!existsSync(clustersDirectory)) return [];
    const names = readdirSync(clustersDirectory).filter((name) => !name.startsWith("."));
    return names.filter((name) => existsSync(clusterPaths(name).config));
}

/** A process id may have been given to another program since: the supervisor's command line names the folder. */
function isSupervisor(pid: number, directory: string): boolean {
    if (!pid) return false;
    try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(directory);
    } catch {
        return false;
    }
}
