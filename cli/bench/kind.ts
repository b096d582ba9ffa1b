import { resolveImages } from "../../components/cluster/images";
import { ensureKindCluster, removeKindCluster } from "../../components/cluster/kind/control";
import { nodesOf } from "../../components/cluster/kind/nodes";
import { checkPrograms } from "../../components/cluster/kind/preflight";
import type { KindClusterConfig } from "../../components/config/cluster";
import type { PlatformConfig } from "../../components/config/platform";
import { ensureToolchain } from "../../tools/toolchain";
import type { Measurement } from "./report";

/** How long the parts of a kind cluster's making and removal take that an update does as one: nodes, images, removal. */
export async function timeKindParts(
    config: PlatformConfig,
    cluster: KindClusterConfig,
    runs: number,
): Promise<Measurement[]> {
    const { bundled } = await resolveImages(config);
    const names = new Set(bundled.map(({ name }) => name));
    const images = (await ensureToolchain(["mesh"])).images.filter(({ name }) => names.has(name));
    const count = cluster.nodes.length;
    const steps = {
        nodes: { name: `part of the first up: ${count} nodes, from none to Ready`, seconds: [] as number[] },
        images: { name: `part of the first up: ${images.length} images into ${count} nodes`, seconds: [] as number[] },
        removal: { name: `part of destroy: ${count} nodes removed`, seconds: [] as number[] },
    };
    try {
        for (let run = 0; run < runs; run++) {
            steps.nodes.seconds.push(await timed(() => ensureKindCluster(cluster, [])));
            steps.images.seconds.push(await timed(() => ensureKindCluster(cluster, images)));
            steps.removal.seconds.push(await timed(() => removeKindCluster(cluster.name)));
        }
    } finally {
        await removeKindCluster(cluster.name);
    }
    return Object.values(steps);
}

/** What the cgroups of the processes in a cluster's nodes have in common: the containers' ids. */
export async function cgroupsOfKind({ name, runtime }: KindClusterConfig): Promise<RegExp> {
    const nodes = await nodesOf(name, await checkPrograms(name, runtime));
    return new RegExp(nodes.map(({ id }) => id).join("|"));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
    const begin = performance.now();
    await work();
    return (performance.now() - begin) / 1000;
}
