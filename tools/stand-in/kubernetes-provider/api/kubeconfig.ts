import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";

/** Which cluster the provider works with. */
export interface ClusterSelection {
    /** Content of a kubeconfig, or the path of one. Default: what kubectl would use. */
    kubeconfig?: string;
    /** Context in the kubeconfig. Default: its current one. */
    context?: string;
    /** Cluster in the kubeconfig, instead of the context's. */
    cluster?: string;
}

/** True for the content of a kubeconfig, false for a path. */
function isContent(kubeconfig: string): boolean {
    return kubeconfig.includes("\n") || kubeconfig.trimStart().startsWith("{");
}

/**
 * Loads a kubeconfig.
 * @throws Error that says what is wrong with it.
 */
export function loadKubeConfig({ kubeconfig, context, cluster }: ClusterSelection): KubeConfig {
    const config = new KubeConfig();
    try {
        if (kubeconfig === undefined || kubeconfig === "") config.loadFromDefault();
        else if (isContent(kubeconfig)) config.loadFromString(kubeconfig);
        else loadFile(config, kubeconfig.replace(/^~(?=\/)/, homedir()));
    } catch (error) {
        throw new Error(`provider option kubeconfig: ${(error as Error).message}`, { cause: error });
    }
    if (context !== undefined) {
        if (!config.getContextObject(context))
            throw new Error(
                `provider option context: the kubeconfig has no context "${context}"; it has ${names(config.getContexts())}.`,
            );
        config.setCurrentContext(context);
    }
    if (cluster !== undefined) selectCluster(config, cluster);
    if (!config.getCurrentCluster())
        throw new Error(
            `provider option kubeconfig: its current context "${config.getCurrentContext()}" names no cluster; contexts: ${names(config.getContexts())}.`,
        );
    return config;
}

function loadFile(config: KubeConfig, path: string): void {
    if (!existsSync(path)) throw new Error(`there is no file ${path}`);
    config.loadFromString(readFileSync(path, "utf8"));
    config.makePathsAbsolute(dirname(path));
}

function selectCluster(config: KubeConfig, cluster: string): void {
    if (!config.getCluster(cluster))
        throw new Error(
            `provider option cluster: the kubeconfig has no cluster "${cluster}"; it has ${names(config.getClusters())}.`,
        );
    const current = config.getCurrentContext();
    config.contexts = config.getContexts().map((each) => (each.name === current ? { ...each, cluster } : each));
}

function names(list: readonly { name: string }[]): string {
    return list.map(({ name }) => name).join(", ") || "none";
}

/**
 * What tells one cluster from another as far as a kubeconfig shows it: address and certificate authority.
 * Undefined when the kubeconfig cannot be read.
 */
export function clusterIdentity(selection: ClusterSelection): string | undefined {
    try {
        const cluster = loadKubeConfig(selection).getCurrentCluster();
        return cluster ? JSON.stringify([cluster.server, cluster.caData ?? cluster.caFile ?? ""]) : undefined;
    } catch {
        return undefined;
    }
}

/** The file that kubectl would use by default, for messages. */
export function defaultKubeconfigPath(): string {
    return process.env["KUBECONFIG"] || join(homedir(), ".kube", "config");
}
