import { join } from "node:path";
import { projectDirectory } from "../embedded/paths";

/** Folder that holds a folder per kind cluster of this clone. */
const kindDirectory = join(projectDirectory, ".local", "kind");

/** The files of a kind cluster. */
export interface KindPaths {
    /** Everything below that belongs to the cluster. */
    directory: string;
    /** What this clone has made of the cluster: a {@link KindRecord}. */
    record: string;
    /** What `kind create cluster` was given. */
    config: string;
    /** Cluster administrator's kubeconfig, for clients on this machine. */
    kubeconfig: string;
    /** Registries' mirrors, as containerd reads them: mounted into every node. */
    registries: string;
    /** What kind said. It stays after a failure, for whoever looks for the reason. */
    log: string;
    /** Held while a command changes the cluster. */
    lock: string;
}

/** Where the files of the kind cluster with a name are. */
export function kindPaths(name: string, parent = kindDirectory): KindPaths {
    const directory = join(parent, name);
    return {
        directory,
        record: join(directory, "record.json"),
        config: join(directory, "kind.yaml"),
        kubeconfig: join(directory, "kubeconfig"),
        registries: join(directory, "certs.d"),
        log: join(parent, `${name}.log`),
        lock: join(parent, `.${name}.lock`),
    };
}
