import { join, resolve } from "node:path";

/** Folder of the project. */
export const projectDirectory = resolve(__dirname, "..", "..", "..");

/** Folder that holds a folder per cluster of this clone. */
export const clustersDirectory = join(projectDirectory, ".local", "clusters");

/** The files of an embedded cluster. */
export interface ClusterPaths {
    /** Everything that belongs to the cluster. Deleting it while the cluster is stopped removes the cluster. */
    directory: string;
    /** What to run: read by the supervisor. */
    config: string;
    /** What runs: written by the supervisor. */
    status: string;
    /** Cluster administrator's kubeconfig, for clients on this machine. */
    kubeconfig: string;
    /** What the supervisor says. */
    log: string;
    /** Held while a command changes the cluster. */
    lock: string;
    /** The directory while it is being removed. */
    removed: string;
}

/** Where the files of the cluster with a name are. */
export function clusterPaths(name: string): ClusterPaths {
    const directory = join(clustersDirectory, name);
    const file = (base: string) => join(directory, base);
    return {
        directory,
        config: file("config.json"),
        status: file("status.json"),
        kubeconfig: file("kubeconfig"),
        log: file("supervisor.log"),
        lock: join(clustersDirectory, `.${name}.lock`),
        removed: join(clustersDirectory, `.${name}.removed`),
    };
}

/** Folder with the log of each component of a node. */
export function nodeLogs(name: string, node: string): string {
    return join(clustersDirectory, name, "nodes", node, "root", "var", "log");
}
