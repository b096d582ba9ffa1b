import { existsSync, readFileSync } from "node:fs";
import { Agent, EnvHttpProxyAgent, fetch } from "undici";
import { optionalGroups } from "../../tools/catalog";
import { imageSpec } from "../../tools/image-specs";
import { partsOf, takeInventory } from "../../tools/inventory";
import { jaegerImage } from "../../tools/jaeger";
import { monitoringImages as builtMonitoringImages } from "../../tools/monitoring";
import { rateLimitImages } from "../../tools/rate-limit";
import { requestFilterImage } from "../../tools/request-filter";
import { sampleAppImage } from "../../tools/sample-app";
import { monitoringImages } from "../config/monitoring/monitoring";
import type { ClusterConfig } from "../config/cluster";
import type { PlatformConfig } from "../config/platform";
import { clusterPaths } from "./embedded/paths";
import { imagesOf } from "./kind/record";

/** The images that a stack runs. */
export interface ResolvedImages {
    /** Registry and path of `pilot` and `proxyv2`. */
    hub: string;
    /** Tag of both. */
    tag: string;
    /** Whose Envoy is inside proxyv2. */
    proxyDistribution: "istio" | "vanilla-envoy";
    /** The application's image. */
    sampleApp: string;
    /** The image of the request filter. */
    requestFilter: string;
    /** The image of Envoy's rate limit service. */
    rateLimit: string;
    /** The image of Redis. */
    redis: string;
    /** What is not the official product, one sentence each: for every report. */
    provenance: string[];
    /** Images that are built here and brought to the cluster, with the digest of what they are built from. */
    bundled: { name: string; digest: string }[];
    /** Key of the tools that build and run all this. */
    toolchain: string;
}

/** How long a registry may take to answer, in milliseconds. On a closed network it usually refuses at once. */
const registryLimit = 1500;

/** Images of Kubernetes itself: a kind node brings its own. */
const ofKubernetes = ["pause", "coredns"];

/**
 * Decides which images a stack runs. On a cluster of this machine the official ones are pulled where their registry can be
 * reached; elsewhere images built from pinned sources take their names. Nothing is built here: it takes as long as the registry's answer.
 */
export async function resolveImages(
    config: PlatformConfig,
    isReachable: (hub: string) => Promise<boolean> = registryIsReachable,
): Promise<ResolvedImages> {
    const { imageHub: hub, version: tag, proxyDistribution } = config.mesh;
    const inventory = takeInventory();
    const { requestFilter } = config.mesh.ingressGateway;
    const { globalRateLimit } = config.ecommerce;
    const own = { sampleApp: sampleAppImage(), requestFilter: requestFilterImage(), ...rateLimitImages() };
    const wanted = config.sampleImage.app === "sample-app" ? config.sampleImage.image : undefined;
    const common = {
        hub,
        tag,
        sampleApp: wanted ?? own.sampleApp,
        requestFilter: requestFilter?.image ?? own.requestFilter,
        rateLimit: globalRateLimit?.image ?? own.rateLimit,
        redis: globalRateLimit?.redisImage ?? own.redis,
        toolchain: inventory.key,
    };
    const { cluster } = config;
    if (cluster.kind === "eks") return { ...common, proxyDistribution, provenance: [], bundled: [] };

    const built = partsOf(inventory, ["cluster", "mesh", ...optionalGroups])
        .filter(({ image }) => image && (cluster.kind === "embedded" || !ofKubernetes.includes(image)))
        .map((part) => ({ name: imageSpec(part.image!, inventory.versions, () => "").name, digest: part.inputs }));
    const ofMonitoring = [...Object.values<string>(builtMonitoringImages()), jaegerImage()];
    const istio = [`${hub}/pilot:${tag}`, `${hub}/proxyv2:${tag}`];
    const canBuild = istio.every((name) => built.some((image) => image.name === name));
    // A node keeps the image that it has: a cluster that began with one of the two ways stays with it.
    const began = bundledBefore(cluster);
    const pull =
        !canBuild || (began ? !began.includes(istio[1]!) : hasMirror(cluster, hub) || (await isReachable(hub)));
    const counts = config.ecommerce.enabled && globalRateLimit !== undefined;
    const watching = monitoringImages(config.monitoring);
    const bundled = built.filter(({ name }) => {
        if (ofMonitoring.includes(name)) return !pull && watching.includes(name);
        if (name === own.sampleApp) return wanted === undefined;
        if (name === own.requestFilter) return requestFilter !== undefined && requestFilter.image === undefined;
        if (name === own.rateLimit) return counts && globalRateLimit?.image === undefined;
        if (name === own.redis) return counts && globalRateLimit?.redisImage === undefined;
        return !pull || !istio.includes(name);
    });
    const sources = {
        [own.sampleApp]: "services/sample-app",
        [own.requestFilter]: "services/request-filter",
        [own.redis]: "Debian's package, not the official image",
    };
    return {
        ...common,
        proxyDistribution: pull ? proxyDistribution : "vanilla-envoy",
        bundled,
        provenance: [
            ...(cluster.kind === "kind" && cluster.nodeImage !== undefined
                ? [`${cluster.nodeImage}: image of the nodes, as the configuration names it`]
                : []),
            ...(pull
                ? [`${istio.join(" and ")}: pulled from the registry`]
                : [
                      `${istio[0]}: built here from the pinned sources of Istio ${tag}, not the official image`,
                      `${istio[1]}: Istio's pilot-agent with vanilla Envoy ${inventory.versions.envoy}, built here, not the official image`,
                  ]),
            ...bundled
                .filter(({ name }) => !istio.includes(name))
                .map(({ name }) =>
                    name in sources
                        ? `${name}: built here from ${sources[name]}`
                        : `${name}: built here from pinned sources, not the official image`,
                ),
        ],
    };
}

/** Names of the images that an existing cluster was started with. */
function bundledBefore(cluster: ClusterConfig): string[] | undefined {
    if (cluster.kind === "kind") return imagesOf(cluster.name);
    const { config } = clusterPaths(cluster.name);
    if (!existsSync(config)) return undefined;
    return (JSON.parse(readFileSync(config, "utf8")) as { images: { name: string }[] }).images.map(({ name }) => name);
}

/** Whether the nodes have a mirror of an image path's registry: this machine itself need not reach it. */
function hasMirror(cluster: ClusterConfig, hub: string): boolean {
    return cluster.kind === "kind" && hub.split("/")[0]! in cluster.registryMirrors;
}

/** Whether the registry of an image path answers at all: also "unauthorised" is an answer. */
export async function registryIsReachable(hub: string): Promise<boolean> {
    const [host = ""] = hub.split("/");
    const registry = host === "docker.io" ? "registry-1.docker.io" : host;
    const proxied = Object.keys(process.env).some((name) => /^https?_proxy$/i.test(name));
    const dispatcher = proxied ? new EnvHttpProxyAgent() : new Agent();
    try {
        const response = await fetch(`https://${registry}/v2/`, {
            dispatcher,
            signal: AbortSignal.timeout(registryLimit),
        });
        return response.status === 200 || (response.status === 401 && response.headers.has("www-authenticate"));
    } catch {
        return false;
    } finally {
        await dispatcher.close();
    }
}
