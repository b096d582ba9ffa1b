import { createHash } from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import { spreadOut } from "../pods";
import { toolLabels, toolMetadata } from "./layout";

/** A tool of the monitoring that runs as one pod. */
export interface ToolDeploymentArgs<Container extends object, Volume extends object> {
    name: string;
    namespace: string;
    /** Digest of the settings (see {@link digestOf}): others get another pod. */
    digest: pulumi.Input<string>;
    container: Container;
    volumes: readonly Volume[];
    /** Further fields of the pod: what it may do, whose its files are. */
    pod: object;
}

/** Deployment of a tool: one pod, never two, each of which would keep a part of the data and send everything again. */
export function toolDeployment<Container extends object, Volume extends object>(
    args: ToolDeploymentArgs<Container, Volume>,
) {
    const { name, namespace, digest, container, volumes, pod } = args;
    const labels = toolLabels(name);
    return {
        metadata: toolMetadata(name, namespace),
        spec: {
            replicas: 1,
            selector: { matchLabels: labels },
            strategy: { type: "Recreate" },
            template: {
                // Other settings, another pod: the kubelet brings a changed file to a running one within a minute or two.
                metadata: { labels, annotations: { "istio-platform/settings": digest } },
                spec: {
                    serviceAccountName: name,
                    enableServiceLinks: false,
                    ...pod,
                    topologySpreadConstraints: spreadOut(labels),
                    containers: [container],
                    volumes: [...volumes],
                },
            },
        },
    };
}

/** Tells settings apart, and nobody what they are. */
export function digestOf(text: string): string {
    return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
