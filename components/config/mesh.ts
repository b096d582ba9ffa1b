import { z } from "zod";
import { accessLog } from "./access-log";
import { egress } from "./egress";
import { networkPolicies } from "./network-policies";
import { requestFilter } from "./request-filter";
import { resources } from "./resources";
import { istiod, istioVersion, revisions, revisionTag } from "./revisions";
import { mtls, pathNormalization } from "./security";
import { nodePort, percent } from "./units";

/** The API that routes are written in (P12). */
export const routing = z.enum(["istio", "gateway-api"]).default("istio");
export type Routing = z.infer<typeof routing>;

/** The Istio control plane, its sidecars, the ingress gateway, and what leaves the mesh. */

export const mesh = z.strictObject({
    version: istioVersion.default("1.29.1").describe("Istio version (P7); the tools' lock files pin the same one"),
    imageHub: z
        .string()
        .default("docker.io/istio")
        .describe("Registry and path of istio/pilot and istio/proxyv2; can be a private mirror (P7)"),
    proxyDistribution: z
        .enum(["istio", "vanilla-envoy"])
        .default("istio")
        .describe(
            "istio: Istio's own proxy image. vanilla-envoy: Envoy without Istio's extra filters, for closed networks; the control plane then leaves those filters out",
        ),
    charts: z
        .discriminatedUnion("source", [
            z
                .strictObject({ source: z.literal("embedded").describe("The charts inside istioctl") })
                .describe("The charts inside istioctl: no download"),
            z.strictObject({
                source: z.literal("repository").describe("A Helm repository"),
                url: z
                    .string()
                    .default("https://istio-release.storage.googleapis.com/charts")
                    .describe("Helm repository or mirror (P7)"),
            }),
        ])
        .default({ source: "embedded" })
        .describe("Where Istio's charts come from"),
    istiod: istiod
        .prefault({ requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "1Gi" } })
        .describe("The control plane"),
    revisions: revisions.describe(
        "The control planes, side by side (P7, S9): each a revision of Istio. Default: one, without a revision in its objects' names",
    ),
    revisionTag: revisionTag
        .optional()
        .describe(
            "The tag by which namespaces and gateways are on a revision; moving it upgrades them (S9, docs/upgrades.md). Default: no tag, all are on the revision default",
        ),
    sidecar: resources
        .default({ requests: { cpu: "10m", memory: "64Mi" }, limits: { cpu: "2", memory: "1Gi" } })
        .describe("Of every sidecar; the memory limit is 1Gi, not the document's first 8Gi (P8)"),
    pathNormalization: pathNormalization.describe(
        "What a path means to the proxies before routes and policies look at it (C14): BASE resolves `.` and `..`, MERGE_SLASHES makes `//` one, DECODE_AND_MERGE_SLASHES reads `%2F` as `/`",
    ),
    mtls: mtls.prefault({}).describe("Mutual TLS between the workloads (S3)"),
    routing: routing.describe(
        "API of what lets requests from outside in and routes them to the sample systems. istio: Gateway and VirtualService. gateway-api: Kubernetes' own Gateway and HTTPRoute, which are installed too (P12); they compare a path by whole segments (/a takes /a/b, not /ab), and what they cannot say is refused. What leaves the mesh is Istio's API either way",
    ),
    networkPolicies: networkPolicies
        .optional()
        .describe(
            "NetworkPolicies of the systems' namespaces: what nobody declares does not even connect (S6). Default: none",
        ),
    ingressGateway: z
        .strictObject({
            replicas: z.int().min(1).default(1).describe("Proxies, where there is no autoscaling"),
            autoscaling: z
                .strictObject({
                    minReplicas: z.int().min(1).describe("Proxies at least"),
                    maxReplicas: z.int().min(1).describe("Proxies at most"),
                    cpuUtilization: percent
                        .min(1, "at least 1 %")
                        .default(80)
                        .describe("Share of the CPU request in percent above which a proxy is added"),
                })
                .optional()
                .describe("Proxies come and go with the load (P10); needs a metrics server in the cluster"),
            serviceType: z
                .enum(["NodePort", "LoadBalancer"])
                .default("NodePort")
                .describe("NodePort, or LoadBalancer where the cluster has one (P10)"),
            nodePorts: z
                .strictObject({
                    egov: nodePort.default(32314).describe("HTTP, as the e-Government guide has it (P10)"),
                    http: nodePort.default(30000).describe("HTTP (P2)"),
                    https: nodePort.default(30005).describe("HTTPS (P2)"),
                })
                .prefault({})
                .describe("Ports on every node; of the type NodePort only"),
            resources: resources
                .default({ requests: { cpu: "20m", memory: "64Mi" }, limits: { cpu: "2", memory: "1Gi" } })
                .describe("Of every proxy of the gateway"),
            requestFilter: requestFilter
                .optional()
                .describe("Requests that look like an attack are refused (C14). Default: none are looked at"),
        })
        .prefault({})
        .describe("The proxies that requests from outside come through (P10)"),
    priorityClass: z
        .enum(["system-cluster-critical"])
        .optional()
        .describe(
            "Kubernetes' priority class of control plane and gateways: when nodes are short of room, they stay and other pods wait. Default: that of every pod",
        ),
    accessLog: accessLog.prefault({}).describe("What the proxies write about the requests that pass them (P14)"),
    outboundTrafficPolicy: z
        .enum(["ALLOW_ANY", "REGISTRY_ONLY"])
        .default("ALLOW_ANY")
        .describe(
            "ALLOW_ANY: pods reach every host outside; REGISTRY_ONLY: those that `egress.hosts` declares (P11, T7)",
        ),
    egress: egress.prefault({}).describe("What leaves the mesh (P11, T7)"),
});
export type MeshConfig = z.infer<typeof mesh>;
