import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { GlobalRateLimitConfig } from "../config/global-rate-limit";
import { revisionMarks, type RevisionTag } from "../config/revisions";
import { INGRESS_GATEWAY, ISTIO_NAMESPACE } from "../mesh";
import { annotated, disruptionBudgets, spreadOut, unprivileged } from "../pods";
import { GlobalRateLimitFilter, limitsFile, serviceHost, type ServiceReference } from "../traffic";
import { AuthorizationPolicy, type AuthorizationPolicyArgs } from "./authorization-policy";

/** What counts the requests that a gateway lets in. */
export interface GlobalRateLimitArgs {
    /** The stack's configuration under `istio-platform:ecommerce.globalRateLimit`. */
    config: GlobalRateLimitConfig;
    /** The images of Envoy's rate limit service and of Redis. */
    images: { readonly rateLimit: string; readonly redis: string };
    /** Labels of the gateway's pods. */
    selector: Readonly<Record<string, string>>;
    /** What must be there before pods and Istio's objects: the control plane. */
    mesh: readonly pulumi.Resource[];
    /**
     * The tag by which the pods are on a revision of the control plane (S9).
     * @default no tag: they are on the revision without a name
     */
    revisionTag?: RevisionTag;
}

/** The service that the gateway asks, and the Redis in which it counts. */
const service: ServiceReference = { name: "rate-limit", namespace: ISTIO_NAMESPACE, port: 8081 };
const redis: ServiceReference = { name: "rate-limit-redis", namespace: ISTIO_NAMESPACE, port: 6379 };

/** Port at which the service tells its settings and statistics, in its own pod only. */
const DEBUG_PORT = 6070;

/** User of the containers: nobody, not the sidecar's 1337, whose traffic bypasses the mesh. */
const CONTAINER_USER = 65532;

/** Where the service finds the limits: `<root>/<subdirectory>/config`. */
const LIMITS = { root: "/data", subdirectory: "ratelimit" } as const;

/** Seconds that a stopping pod of the service goes on answering, until every gateway has taken it out of its endpoints. */
const DRAIN_SECONDS = 3;

/** Memory that the counters may take; from then on those that end first are given up. */
const COUNTERS_MEMORY = "64mb";

/** `metadata` of everything that belongs to one of the two. */
function metadataOf({ name, namespace }: ServiceReference) {
    return { name, namespace, labels: { app: name } };
}

/** The limits, as a file for the service. */
export function limitsConfigMap({ config }: Pick<GlobalRateLimitArgs, "config">) {
    return { metadata: metadataOf(service), data: { "limits.yaml": limitsFile(config) } };
}

/** A pod's template: with a sidecar, since what is counted are the clients' keys. */
function podTemplate<Spec extends { containers: object[] }>(
    own: ServiceReference,
    spec: Spec,
    revisionTag: RevisionTag | undefined,
    annotations: Record<string, string> = {},
) {
    const labels = { app: own.name };
    const revision = revisionMarks(revisionTag);
    return {
        metadata: {
            labels: { ...labels, "sidecar.istio.io/inject": "true", ...revision.labels },
            ...annotated({ ...annotations, ...revision.annotations }),
        },
        spec: {
            serviceAccountName: own.name,
            automountServiceAccountToken: false,
            // The service reads its settings from the environment: Kubernetes puts nothing of its own there.
            enableServiceLinks: false,
            topologySpreadConstraints: spreadOut(labels),
            ...spec,
        },
    };
}

/**
 * Deployment of Envoy's rate limit service. It is ready once it has reached Redis. Should that be away later, its answer is an
 * error, and the gateway does what is declared: its connections end at the sidecar, so that it could not tell earlier.
 */
export function rateLimitDeployment({
    config,
    images,
    revisionTag,
}: Pick<GlobalRateLimitArgs, "config" | "images" | "revisionTag">) {
    const environment = {
        LOG_LEVEL: "warn",
        GRPC_PORT: String(service.port),
        // What else it listens on is for its own pod.
        HOST: "127.0.0.1",
        DEBUG_HOST: "127.0.0.1",
        DEBUG_PORT: String(DEBUG_PORT),
        USE_STATSD: "false",
        DISABLE_STATS: "true",
        RUNTIME_ROOT: LIMITS.root,
        RUNTIME_SUBDIRECTORY: LIMITS.subdirectory,
        RUNTIME_WATCH_ROOT: "false",
        // A mounted ConfigMap has a second copy of every file in a folder whose name begins with a dot.
        RUNTIME_IGNOREDOTFILES: "true",
        REDIS_SOCKET_TYPE: "tcp",
        REDIS_URL: `${serviceHost(redis)}:${redis.port}`,
        REDIS_TIMEOUT: config.timeout,
        HEALTHY_WITH_AT_LEAST_ONE_CONFIG_LOADED: "true",
    };
    // Its health has a name of its own; without one it would always be well.
    const health = { grpc: { port: service.port, service: "ratelimit" } };
    const container = {
        name: service.name,
        image: images.rateLimit,
        imagePullPolicy: "IfNotPresent",
        env: Object.entries(environment).map(([name, value]) => ({ name, value })),
        ports: [{ name: "grpc", containerPort: service.port }],
        startupProbe: { ...health, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 60 },
        readinessProbe: { ...health, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 },
        livenessProbe: { grpc: { port: service.port }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
        lifecycle: { preStop: { sleep: { seconds: DRAIN_SECONDS } } },
        resources: config.resources,
        securityContext: unprivileged(CONTAINER_USER),
        volumeMounts: [{ name: "limits", mountPath: `${LIMITS.root}/${LIMITS.subdirectory}/config`, readOnly: true }],
    };
    const digest = createHash("sha256").update(limitsFile(config)).digest("hex");
    return {
        metadata: metadataOf(service),
        spec: {
            replicas: config.replicas,
            selector: { matchLabels: { app: service.name } },
            strategy: { rollingUpdate: { maxSurge: "100%", maxUnavailable: 0 } },
            // Other limits, other pods: the kubelet brings a changed file to a running one within a minute or two.
            template: podTemplate(
                service,
                { containers: [container], volumes: [{ name: "limits", configMap: { name: service.name } }] },
                revisionTag,
                { "istio-platform/limits": digest.slice(0, 12) },
            ),
        },
    };
}

/** Deployment of Redis: one pod, in memory only; with a new one every client has its whole budget again. */
export function redisDeployment({
    config,
    images,
    revisionTag,
}: Pick<GlobalRateLimitArgs, "config" | "images" | "revisionTag">) {
    const health = { exec: { command: ["redis-cli", "-p", String(redis.port), "ping"] } };
    const container = {
        name: redis.name,
        image: images.redis,
        imagePullPolicy: "IfNotPresent",
        args: [
            ...["--port", String(redis.port)],
            ...["--save", "", "--appendonly", "no"],
            ...["--maxmemory", COUNTERS_MEMORY, "--maxmemory-policy", "volatile-ttl"],
            // It takes the sidecar for a stranger. Who gets through that one is a matter of the policy below.
            ...["--protected-mode", "no"],
        ],
        ports: [{ name: "tcp-redis", containerPort: redis.port }],
        startupProbe: { ...health, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 60 },
        readinessProbe: { ...health, periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 2 },
        livenessProbe: { ...health, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
        resources: config.resources,
        securityContext: unprivileged(CONTAINER_USER),
    };
    return {
        metadata: metadataOf(redis),
        spec: {
            replicas: 1,
            selector: { matchLabels: { app: redis.name } },
            // Never two of them, between which the counts would be shared out.
            strategy: { type: "Recreate" },
            template: podTemplate(redis, { containers: [container] }, revisionTag),
        },
    };
}

/** The Services of both, which only the proxies of their own namespace know. */
export function rateLimitServices() {
    const entry = (own: ServiceReference, name: string, appProtocol: string) => ({
        metadata: { ...metadataOf(own), annotations: { "networking.istio.io/exportTo": "." } },
        spec: { selector: { app: own.name }, ports: [{ name, port: own.port, targetPort: name, appProtocol }] },
    });
    return [entry(service, "grpc", "grpc"), entry(redis, "tcp-redis", "tcp")] as const;
}

/** Who is let in, proved by mutual TLS: the gateway asks the service, and the service alone counts in Redis. */
export function rateLimitPolicies(): Record<string, AuthorizationPolicyArgs> {
    const only = (own: ServiceReference, account: string): AuthorizationPolicyArgs => ({
        namespace: own.namespace,
        app: own.name,
        rules: [{ from: [{ namespace: ISTIO_NAMESPACE, account }] }],
    });
    return {
        [`allow-${service.name}`]: only(service, INGRESS_GATEWAY),
        [`allow-${redis.name}`]: only(redis, service.name),
    };
}

/**
 * A limit that all pods and listeners of the ingress gateway keep together (S7): they ask Envoy's own rate limit service,
 * which counts every client's requests in Redis.
 */
export class GlobalRateLimit extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(resource: string, args: GlobalRateLimitArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:security:GlobalRateLimit", resource, {}, opts);
        const { config, selector, mesh } = args;
        const after = (...resources: pulumi.Resource[]) => ({ parent: this, dependsOn: [...resources, ...mesh] });
        const accounts = [service, redis].map(
            (own) => new k8s.core.v1.ServiceAccount(own.name, { metadata: metadataOf(own) }, after()),
        );
        const services = rateLimitServices().map((own) => new k8s.core.v1.Service(own.metadata.name, own, after()));
        const policies = Object.entries(rateLimitPolicies()).map(
            ([name, policy]) => new AuthorizationPolicy(name, policy, after()),
        );
        const limits = new k8s.core.v1.ConfigMap(service.name, limitsConfigMap(args), after());
        const counters = new k8s.apps.v1.Deployment(redis.name, redisDeployment(args), after(...accounts));
        // After Redis and the way to it: the service gives up where it cannot reach it at its start.
        const deployment = new k8s.apps.v1.Deployment(
            service.name,
            rateLimitDeployment(args),
            after(...accounts, ...services, ...policies, limits, counters),
        );
        const budgets = disruptionBudgets(
            { metadata: metadataOf(service), labels: { app: service.name }, replicas: config.replicas },
            after(),
        );
        // Last: until the service answers, nobody counts.
        const { path, header, timeout, failureMode } = config;
        const asking = { namespace: ISTIO_NAMESPACE, selector, service, path, header, timeout, failureMode };
        const filter = new GlobalRateLimitFilter("global-rate-limit", asking, after(deployment));
        this.resources = [...accounts, ...services, ...policies, limits, counters, deployment, ...budgets, filter];
        this.registerOutputs({});
    }
}
