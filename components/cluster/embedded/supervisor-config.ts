import type { Toolchain, ToolchainImage } from "../../../tools/toolchain";
import type { EmbeddedClusterConfig } from "../../config/cluster";

/** What `kubenode up` reads: tools/go/kubenode/config.go is its definition. */
export interface SupervisorConfig {
    name: string;
    nodes: { zone: string }[];
    hostPorts: { hostPort: number; nodePort: number }[];
    networkPolicies: boolean;
    bin: string;
    system: string;
    images: SupervisorImage[];
}

/** An image archive to import. The digest decides whether a node has this version of it already. */
export type SupervisorImage = Pick<ToolchainImage, "name" | "archive" | "digest">;

/** Images without which no pod starts, or no name is found: imported first. */
const firstImages = [/\/pause:/, /\/coredns:/];

/** The supervisor's configuration for a cluster on a toolchain. */
export function supervisorConfig(
    cluster: Pick<EmbeddedClusterConfig, "name" | "nodes" | "hostPorts" | "networkPolicies">,
    toolchain: Pick<Toolchain, "bin" | "system">,
    images: readonly SupervisorImage[],
): SupervisorConfig {
    const rank = ({ name }: SupervisorImage) => {
        const place = firstImages.findIndex((pattern) => pattern.test(name));
        return place < 0 ? firstImages.length : place;
    };
    return {
        name: cluster.name,
        nodes: cluster.nodes.map(({ zone }) => ({ zone })),
        hostPorts: cluster.hostPorts.map(({ hostPort, nodePort }) => ({ hostPort, nodePort })),
        networkPolicies: cluster.networkPolicies,
        bin: toolchain.bin,
        system: toolchain.system,
        images: images
            .map(({ name, archive, digest }) => ({ name, archive, digest }))
            .sort((a, b) => rank(a) - rank(b)),
    };
}

/** What has to happen to a cluster that exists so that it becomes the one that is wanted. */
export type Change = "none" | "import" | "restart" | "replace";

/** Decides it: other nodes make another cluster; other programs, ports or duties need a restart; other images only an import. */
export function changeBetween(existing: SupervisorConfig, wanted: SupervisorConfig): Change {
    const same = (key: keyof SupervisorConfig) => JSON.stringify(existing[key]) === JSON.stringify(wanted[key]);
    if (!same("name") || !same("nodes")) return "replace";
    if ((["bin", "system", "hostPorts", "networkPolicies"] as const).some((key) => !same(key))) return "restart";
    return missingImages(existing, wanted).length > 0 ? "import" : "none";
}

/** The wanted images that an existing cluster does not have in this version. */
export function missingImages(existing: SupervisorConfig, wanted: SupervisorConfig): SupervisorImage[] {
    const has = new Set(existing.images.map(({ name, digest }) => `${name} ${digest}`));
    return wanted.images.filter(({ name, digest }) => !has.has(`${name} ${digest}`));
}
