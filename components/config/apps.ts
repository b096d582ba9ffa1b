import { z } from "zod";
import { canary } from "./canary";
import { egovRoutes } from "./egov-routes";
import { scope } from "./egress";
import { resources } from "./resources";
import { routes, type Route } from "./routes";
import { globalRateLimit } from "./global-rate-limit";
import { authorization, rateLimit, tls, tokens } from "./security";
import {
    connectionPool,
    ecommerceConnectionPool,
    ecommerceOutlierDetection,
    ecommerceRoutePolicy,
    loadBalancer,
    outlierDetection,
    outlierProfiles,
    routePolicy,
} from "./traffic";
import { containerPort, dnsLabel, host, pathPrefix, percent, port } from "./units";

/** Port of the Service egov-hello (E2) and of its containers. */
export const helloPorts = { service: 80, container: 8080 } as const;

/** The sample systems: egov-hello of the e-Government guide and the C4ang e-commerce services. */

export const appResources = resources
    .default({ requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi" } })
    .describe("Requests and limits of every application container; the requests are those of C1");

/** Which container answers: the project's sample app, or the documents' hashicorp/http-echo. */
export const sampleImage = z
    .discriminatedUnion("app", [
        z.strictObject({
            app: z.literal("sample-app").describe("The project's own sample app"),
            image: z
                .string()
                .optional()
                .describe("Image of services/; default: the one that the cluster's own build made"),
        }),
        z.strictObject({
            app: z.literal("http-echo").describe("The documents' image"),
            image: z
                .string()
                .default("hashicorp/http-echo:1.0.0")
                .describe("The documents' image: answers one text, knows no errors or delays"),
        }),
    ])
    .default({ app: "sample-app" })
    .describe("Which container answers");

/** Whether nodes are emptied only as far as the pods allow it. */
const disruptionBudgets = z
    .boolean()
    .default(false)
    .describe("Nodes are emptied of an application's pods one at a time, where it has several");

export const egov = z.strictObject({
    enabled: z.boolean().default(true).describe("Whether the e-Government sample system is deployed"),
    namespaces: z
        .strictObject({
            app: dnsLabel.default("egov-app").describe("Namespace of egov-hello; with sidecars"),
            infra: dnsLabel.default("egov-infra").describe("Namespace of gateway-server; with sidecars"),
            monitoring: dnsLabel.default("egov-monitoring").describe("Namespace of the monitoring; without sidecars"),
        })
        .prefault({})
        .describe("Requirement E1"),
    hello: z
        .strictObject({
            subsets: z
                .record(
                    dnsLabel,
                    z.strictObject({
                        variant: z
                            .enum(["normal", "error"])
                            .describe("Label of the pods; `error` answers 500 to every request"),
                        replicas: z.int().min(0).describe("Pods of this subset"),
                    }),
                )
                .default({ v1: { variant: "normal", replicas: 2 }, v2: { variant: "error", replicas: 1 } })
                .describe("Subset of the DestinationRule -> the workload that carries it (E2)"),
            path: pathPrefix.default("/a/b/c/hello").describe("Prefix of the VirtualService (E3)"),
            weights: z
                .record(dnsLabel, percent)
                .optional()
                .describe("Subset -> share of the requests; together 100. Default: no subsets, all pods alike (E4)"),
            routes: z
                .union([z.enum(["documents"]), routes])
                .default([])
                .transform((value): readonly Route[] => (value === "documents" ? egovRoutes : value))
                .describe(
                    "Further routes, beside the plain one: `documents` for the guide's weights (E8), faults (E9) and mirror (E10), or a list of your own. Default: none",
                ),
        })
        .prefault({})
        .describe("egov-hello: its pods and its route (E2, E3)"),
    gatewayServer: z
        .strictObject({ port: containerPort.default(9000).describe("Port of the container and of the Service") })
        .prefault({})
        .describe("Calls egov-hello from inside the mesh (E7)"),
    loadBalancer: loadBalancer.default("ROUND_ROBIN").describe("Requirement E4"),
    outlierDetection: z
        .union([z.enum(["test", "production"]), outlierDetection])
        .default("test")
        .transform((value) => (typeof value === "string" ? { ...outlierProfiles[value] } : value))
        .describe("Profile `test` (E5) or `production` (E6), or values of your own"),
    disruptionBudgets,
    resources: appResources,
});
export type EgovConfig = z.infer<typeof egov>;

/** The six services: requirements C1 (names, answers) and C2 (paths). */
const services = z
    .record(
        dnsLabel,
        z.strictObject({
            path: pathPrefix.describe("Prefix of the VirtualService (C2)"),
            response: z.string().min(1).describe("Text of every answer (C1)"),
        }),
    )
    .default({
        "customer-api": { path: "/api/v1/customers", response: "Customer Service Test Response" },
        "order-api": { path: "/api/v1/orders", response: "Order Service Test Response" },
        "product-api": { path: "/api/v1/products", response: "Product Service Test Response" },
        "payment-api": { path: "/api/v1/payments", response: "Payment Service Test Response" },
        "recommendation-api": { path: "/api/v1/recommendations", response: "Recommendation Service Test Response" },
        "saga-tracker": { path: "/api/v1/saga", response: "Saga Tracker Test Response" },
    })
    .describe("Name of Service, Deployment, VirtualService and DestinationRule -> path and answer");

export const ecommerce = z.strictObject({
    enabled: z.boolean().default(true).describe("Whether the e-commerce sample system is deployed"),
    namespace: dnsLabel.default("ecommerce").describe("Namespace of all services; with sidecars (C1)"),
    hosts: z.array(host).min(1).default(["api.c4ang.com", "*"]).describe("Requirement C2"),
    services,
    canaries: z
        .record(dnsLabel, canary)
        .default({})
        .describe("Service -> its canary (C9, C10). Default: every service has one version"),
    replicas: z.int().min(1).default(2).describe("Pods of every service (C1)"),
    containerPort: containerPort.default(5678).describe("Port that the containers listen on (C1)"),
    servicePort: port.default(8080).describe("Port of every Service (C1)"),
    routePolicy: routePolicy.default(ecommerceRoutePolicy).describe("Requirement C3"),
    connectionPool: connectionPool.default(ecommerceConnectionPool).describe("Requirement C4"),
    outlierDetection: outlierDetection.default(ecommerceOutlierDetection).describe("Requirement C4"),
    tls: tls.optional().describe("HTTPS at the ingress gateway beside HTTP (P5). Default: HTTP only"),
    tokens: tokens
        .optional()
        .describe(
            "A path that asks for a token (S5): 401 without a good one, 403 without the claim. Default: no path does",
        ),
    rateLimit: rateLimit
        .optional()
        .describe("A path whose requests the gateway limits (S7, C14), each of its pods by itself. Default: none"),
    globalRateLimit: globalRateLimit
        .optional()
        .describe(
            "A path whose requests the gateway limits for every client, all of its pods together (S7). Default: none",
        ),
    authorization: authorization
        .optional()
        .describe("Only declared callers are let in (S4), all others get 403. Default: everybody may call"),
    scope: scope
        .optional()
        .describe(
            "The sidecars know the namespace's services, its public names and the named hosts outside (T7). Default: every service of the mesh and every declared host",
        ),
    disruptionBudgets,
    resources: appResources,
});
export type EcommerceConfig = z.infer<typeof ecommerce>;
