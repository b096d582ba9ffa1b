import { createHash } from "node:crypto";
import { parse, stringify } from "yaml";
import { projectDirectory } from "../../project";

/** Name of the cluster on which this copy's reviews are measured: another copy's review may run at the same time. */
export const clusterName = `rv${createHash("sha256").update(projectDirectory).digest("hex").slice(0, 4)}`;

type Section = Record<string, unknown> | undefined;

/**
 * A stack's configuration on an embedded cluster without ports of this machine, the suite left to the review. Of a stack
 * for EKS what only a cloud has is left out, and the sizes that are meant for its machines.
 */
export function onEmbeddedCluster(text: string, name = clusterName): string {
    const document = (parse(text) ?? {}) as { config?: Record<string, unknown> };
    const config = { ...document.config };
    const key = (section: string) => `istio-platform:${section}`;
    const cluster = config[key("cluster")] as Section;
    const kind = cluster?.["kind"] ?? "embedded";
    const networkPolicies = kind === "eks" ? config[key("mesh")] !== undefined : cluster?.["networkPolicies"];
    config[key("cluster")] = {
        ...{ kind: "embedded", name, hostPorts: [] },
        ...(networkPolicies !== undefined && { networkPolicies }),
    };
    config[key("verification")] = { ...(config[key("verification")] as Section), enabled: false };
    if (kind === "eks") {
        const mesh = without(config[key("mesh")] as Section, "istiod", "sidecar");
        const gateway = without(mesh["ingressGateway"] as Section, "serviceType", "autoscaling", "resources");
        config[key("mesh")] = { ...mesh, ingressGateway: gateway };
        delete config[key("sampleImage")];
    }
    return stringify({ ...document, config });
}

function without(section: Section, ...keys: string[]): Record<string, unknown> {
    return Object.fromEntries(Object.entries(section ?? {}).filter(([key]) => !keys.includes(key)));
}
