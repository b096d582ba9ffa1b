import * as pulumi from "@pulumi/pulumi";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { clustersDirectory } from "../embedded/paths";

/** Where the kubeconfig of a cluster lies, for kubectl and for the verification suite. */
export function kubeconfigFile(cluster: string): string {
    return join(clustersDirectory, cluster, "kubeconfig");
}

/**
 * Writes a kubeconfig in every deployment, and never in a preview. It holds no key: it asks AWS' command line program for
 * tokens, as whoever runs it.
 */
export function writeKubeconfig(cluster: string, content: pulumi.Output<string>): pulumi.Output<string> {
    const file = kubeconfigFile(cluster);
    return pulumi.unsecret(content).apply((text) => {
        if (pulumi.runtime.isDryRun()) return file;
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text, { mode: 0o600 });
        return file;
    });
}
