import type { ToolGroup } from "./catalog";
import { jaegerImage, jaegerVersion } from "./jaeger";
import {
    alertmanagerVersion,
    kubeStateMetricsVersion,
    monitoringImages,
    nodeExporterVersion,
    prometheusVersion,
} from "./monitoring";
import { rateLimitImages, rateLimitVersion } from "./rate-limit";
import { requestFilterImage } from "./request-filter";
import { sampleAppImage } from "./sample-app";
import { Versions } from "./versions";

/** One file, folder or link of an image, as tools/go/image takes it. */
export interface ImageEntry {
    path: string;
    source?: string;
    content?: string;
    link?: string;
    directory?: boolean;
    mode?: string;
    owner?: number;
}

/** An image, as tools/go/image takes it. */
export interface ImageSpec {
    name: string;
    aliases?: string[];
    architecture: string;
    layers: ImageEntry[][];
    config: {
        entrypoint: string[];
        env?: string[];
        user?: string;
        workingDir?: string;
        labels: Record<string, string>;
    };
}

/** The images that are built for clusters that cannot pull them. */
export const imageNames = [
    "pause",
    "coredns",
    "pilot",
    "proxyv2",
    "sample-app",
    "request-filter",
    "rate-limit",
    "redis",
    "prometheus",
    "alertmanager",
    "kube-state-metrics",
    "node-exporter",
    "jaeger",
] as const;
export type ImageName = (typeof imageNames)[number];

/** The groups of tools that an image is made in. */
export function groupsOfImage(image: ImageName): ToolGroup[] {
    if (image === "jaeger") return ["tracing"];
    if (image in monitoringImages()) return ["monitoring"];
    return image === "pause" || image === "coredns" ? ["cluster", "mesh"] : ["mesh"];
}

/** Where the parts of an image lie: paths to build it from, or digests of the parts to decide whether it is up to date. */
export type Locate = (part: string) => string;

/** Version of the pause image: the name that the embedded cluster's containerd is configured with. */
export const pauseImage = "registry.k8s.io/pause:3.10";

/** User ids, as the official images have them. */
const proxyUser = 1337;
const nobody = 65532;
const monitoringUser = 65534;

const base = (locate: Locate): ImageEntry[] => [
    { path: ".", source: locate("base") },
    { path: "tmp", directory: true, mode: "1777" },
    {
        path: "etc/passwd",
        content:
            "root:x:0:0:root:/root:/bin/sh\n" +
            `istio-proxy:x:${proxyUser}:${proxyUser}:istio-proxy:/home/istio-proxy:/bin/sh\n` +
            `nonroot:x:${nobody}:${nobody}:nonroot:/home/nonroot:/bin/sh\n`,
    },
    { path: "etc/group", content: `root:x:0:\nistio-proxy:x:${proxyUser}:\nnonroot:x:${nobody}:\n` },
    { path: "etc/nsswitch.conf", content: "hosts: files dns\n" },
    ...[
        "sh",
        "ls",
        "cat",
        "ps",
        "env",
        "id",
        "sleep",
        "grep",
        "head",
        "tail",
        "netstat",
        "mkdir",
        "rm",
        "cp",
        "df",
    ].map((name) => ({ path: `usr/bin/${name}`, link: "busybox" })),
];

/** What an image is made of. */
export function imageSpec(
    name: ImageName,
    versions: Versions,
    locate: Locate,
    architecture = goArchitecture(),
): ImageSpec {
    const labels = (title: string, version: string, more: Record<string, string> = {}) => ({
        "org.opencontainers.image.title": title,
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.description": "built from pinned sources by istio-platform; not the official image",
        ...more,
    });
    const program = (path: string, part: string): ImageEntry => ({ path, source: locate(part), mode: "755" });
    switch (name) {
        case "pause":
            return {
                name: pauseImage,
                aliases: [`${pauseImage}.1`],
                architecture,
                layers: [[program("pause", "go/pause")]],
                config: { entrypoint: ["/pause"], user: "65535:65535", labels: labels("pause", "3.10") },
            };
        case "coredns":
            return {
                name: `registry.k8s.io/coredns/coredns:v${versions.coredns}`,
                architecture,
                layers: [[program("coredns", "go/coredns")]],
                config: { entrypoint: ["/coredns"], labels: labels("coredns", versions.coredns) },
            };
        case "pilot":
            return {
                name: `docker.io/istio/pilot:${versions.istio}`,
                architecture,
                layers: [base(locate), [program("usr/local/bin/pilot-discovery", "go/pilot-discovery")]],
                config: {
                    entrypoint: ["/usr/local/bin/pilot-discovery"],
                    user: `${proxyUser}:${proxyUser}`,
                    labels: labels("istio/pilot", versions.istio),
                },
            };
        case "proxyv2":
            return {
                name: `docker.io/istio/proxyv2:${versions.istio}`,
                architecture,
                layers: [
                    base(locate),
                    [program("usr/local/bin/envoy", "envoy")],
                    [
                        program("usr/local/bin/pilot-agent", "go/pilot-agent"),
                        {
                            path: "var/lib/istio/envoy/envoy_bootstrap_tmpl.json",
                            source: locate("bootstrap"),
                            mode: "644",
                        },
                        { path: "etc/istio/proxy", directory: true, owner: proxyUser },
                        { path: "home/istio-proxy", directory: true, owner: proxyUser },
                    ],
                ],
                config: {
                    entrypoint: ["/usr/local/bin/pilot-agent"],
                    env: [`ISTIO_META_ISTIO_PROXY_SHA=vanilla-envoy-${versions.envoy}`],
                    user: `${proxyUser}:${proxyUser}`,
                    labels: labels("istio/proxyv2", versions.istio, { proxy: "vanilla-envoy", envoy: versions.envoy }),
                },
            };
        case "sample-app":
            return {
                name: sampleAppImage(),
                architecture,
                layers: [
                    base(locate),
                    [program("nodejs/node", "node")],
                    [{ path: "app/main.js", source: locate("bundle") }],
                ],
                config: {
                    entrypoint: ["/nodejs/node", "/app/main.js"],
                    env: ["NODE_ENV=production"],
                    user: `${nobody}:${nobody}`,
                    labels: labels("istio-platform-sample-app", sampleAppImage().split(":")[1]!),
                },
            };
        case "request-filter":
            return {
                name: requestFilterImage(),
                architecture,
                layers: [[program("request-filter", "go/request-filter")]],
                config: {
                    entrypoint: ["/request-filter"],
                    user: `${nobody}:${nobody}`,
                    labels: labels("istio-platform-request-filter", requestFilterImage().split(":")[1]!),
                },
            };
        case "rate-limit":
            return {
                name: rateLimitImages().rateLimit,
                architecture,
                layers: [[program("rate-limit", "go/rate-limit")]],
                config: {
                    entrypoint: ["/rate-limit"],
                    user: `${nobody}:${nobody}`,
                    labels: labels("envoyproxy/ratelimit", rateLimitVersion()),
                },
            };
        case "prometheus":
            return {
                name: monitoringImages().prometheus,
                architecture,
                layers: [[program("bin/prometheus", "go/prometheus")], [program("bin/promtool", "go/promtool")]],
                config: {
                    entrypoint: ["/bin/prometheus"],
                    user: `${monitoringUser}:${monitoringUser}`,
                    labels: labels("prom/prometheus", prometheusVersion()),
                },
            };
        case "alertmanager":
            return {
                name: monitoringImages().alertmanager,
                architecture,
                layers: [[program("bin/alertmanager", "go/alertmanager")], [program("bin/amtool", "go/amtool")]],
                config: {
                    entrypoint: ["/bin/alertmanager"],
                    user: `${monitoringUser}:${monitoringUser}`,
                    labels: labels("prom/alertmanager", alertmanagerVersion()),
                },
            };
        case "kube-state-metrics":
            return {
                name: monitoringImages()["kube-state-metrics"],
                architecture,
                layers: [[program("kube-state-metrics", "go/kube-state-metrics")]],
                config: {
                    entrypoint: ["/kube-state-metrics"],
                    user: `${monitoringUser}:${monitoringUser}`,
                    labels: labels("kube-state-metrics", kubeStateMetricsVersion()),
                },
            };
        case "node-exporter":
            return {
                name: monitoringImages()["node-exporter"],
                architecture,
                layers: [[program("bin/node_exporter", "go/node-exporter")]],
                config: {
                    entrypoint: ["/bin/node_exporter"],
                    user: `${monitoringUser}:${monitoringUser}`,
                    labels: labels("prometheus/node-exporter", nodeExporterVersion()),
                },
            };
        case "jaeger":
            return {
                name: jaegerImage(),
                architecture,
                layers: [[program("cmd/jaeger/jaeger", "go/jaeger")]],
                config: {
                    entrypoint: ["/cmd/jaeger/jaeger"],
                    user: `${monitoringUser}:${monitoringUser}`,
                    labels: labels("jaegertracing/jaeger", jaegerVersion()),
                },
            };
        case "redis":
            return {
                name: rateLimitImages().redis,
                architecture,
                layers: [base(locate), [{ path: ".", source: locate("redis") }]],
                config: {
                    entrypoint: ["/usr/bin/redis-server"],
                    user: `${nobody}:${nobody}`,
                    labels: labels("redis", "of this machine's Debian release"),
                },
            };
    }
}

/** This machine's processor as Go and container images name it. */
export function goArchitecture(architecture: string = process.arch): string {
    return architecture === "x64" ? "amd64" : architecture;
}
