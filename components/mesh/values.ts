import type { MeshConfig } from "../config/mesh";
import type { RequestFilterConfig } from "../config/request-filter";
import type { Resources } from "../config/resources";
import { DEFAULT_REVISION, revisionOf, type Revision } from "../config/revisions";
import { spreadOut } from "../pods";
import type { ServiceReference } from "../traffic/service";
import { traceProvider } from "./trace-provider";

/** The images of control plane and proxies, as the cluster resolved them. */
export interface MeshImages {
    /** Registry and path of `pilot` and `proxyv2`. */
    readonly hub: string;
    /** Tag of both. */
    readonly tag: string;
    /** Whose Envoy is inside proxyv2. */
    readonly proxyDistribution: "istio" | "vanilla-envoy";
}

/** Namespace of the control plane and of the ingress gateway (E1). */
export const ISTIO_NAMESPACE = "istio-system";

/** Labels of the istiod pods of all revisions, as their charts have them. */
export const CONTROL_PLANE_SELECTOR = { app: "istiod" } as const;

/** Labels of the istiod pods of one revision. */
const podsOf = (revision: string): Record<string, string> =>
    revision === DEFAULT_REVISION ? { istio: "pilot" } : { ...CONTROL_PLANE_SELECTOR, "istio.io/rev": revision };

/** What NetworkPolicies select istiod's pods by: of one without a name by the label of before there were revisions. */
export function controlPlaneSelector({ revisions }: Pick<MeshConfig, "revisions">): Record<string, string> {
    return revisions.some(({ name }) => name !== DEFAULT_REVISION) ? CONTROL_PLANE_SELECTOR : podsOf(DEFAULT_REVISION);
}

/**
 * Envoy statistics that Istio's bootstrap leaves out and that show what traffic policy did: ejections (E5), retries and
 * time-outs (C3), connections, requests and circuit-breaker limits (C4).
 */
const VISIBLE_STATISTICS = [".*outlier_detection.*", ".*upstream_rq_.*", ".*upstream_cx_.*", ".*circuit_breakers.*"];

/** Seconds between two readiness checks of a proxy that is up; while it starts it is checked every second. */
const PROXY_READINESS_PERIOD = 5;

/**
 * Time within which a proxy closes connections that were opened under former settings, instead of Istio's 45 s: so long a
 * caller that is no longer let in (S4) could go on over an open connection.
 */
const DRAIN_DURATION = "5s";

/** System calls of istiod and of every proxy: those of the container runtime's own list. */
const SECCOMP_PROFILE = { type: "RuntimeDefault" };

/** The request filter (C14): the name by which policies call for it, and where it answers. */
export const REQUEST_FILTER = { name: "request-filter", port: 9001 } as const;

/** How a proxy asks the request filter: with the whole body, or not at all. */
function requestFilterProvider({ maxBodyBytes, timeout, whenUnavailable }: RequestFilterConfig) {
    const { name, port } = REQUEST_FILTER;
    return {
        name,
        envoyExtAuthzGrpc: {
            service: `${ISTIO_NAMESPACE}/${name}.${ISTIO_NAMESPACE}.svc.cluster.local`,
            port,
            timeout,
            failOpen: whenUnavailable === "pass",
            // Not 403: nobody has found anything wrong with the request.
            statusOnError: "503",
            // A body that does not fit gets 413. As bytes, since text of another encoding would arrive empty.
            includeRequestBodyInCheck: {
                maxRequestBytes: maxBodyBytes,
                allowPartialMessage: false,
                packAsBytes: true,
            },
        },
    };
}

/** Whom proxies ask, or tell, by a name: one kind each. */
type ExtensionProvider = { name: string } & Partial<
    Omit<ReturnType<typeof requestFilterProvider>, "name"> & Omit<ReturnType<typeof traceProvider>, "name">
>;

/**
 * Values of Istio's charts: the same for the charts inside istioctl and for those of a repository.
 *
 * @param revision The control plane that they are for (P7). Default: the one without a name.
 * @param collector Who takes the proxies' spans (P14). Default: nobody.
 */
export function controlPlaneValues(
    mesh: MeshConfig,
    images: MeshImages,
    revision: Revision = { name: DEFAULT_REVISION },
    collector?: ServiceReference,
) {
    const vanilla = images.proxyDistribution === "vanilla-envoy";
    const { requestFilter } = mesh.ingressGateway;
    const { name, istiod = mesh.istiod, sidecar = mesh.sidecar } = revision;
    const extensionProviders: ExtensionProvider[] = [
        ...(requestFilter ? [requestFilterProvider(requestFilter)] : []),
        ...(collector ? [traceProvider(collector)] : []),
    ];
    return {
        // Also makes the validator for objects without a revision label, so that invalid ones are refused.
        defaultRevision: revisionOf(mesh.revisionTag),
        ...(name !== DEFAULT_REVISION && { revision: name }),
        global: {
            istioNamespace: ISTIO_NAMESPACE,
            hub: revision.imageHub ?? images.hub,
            tag: revision.imageTag ?? revision.version ?? images.tag,
            imagePullPolicy: "IfNotPresent",
            ...(mesh.priorityClass && { priorityClassName: mesh.priorityClass }),
            proxy: {
                resources: withDefaultCpuLimit(sidecar),
                readinessPeriodSeconds: PROXY_READINESS_PERIOD,
                readinessFailureThreshold: 4,
                seccompProfile: SECCOMP_PROFILE,
            },
        },
        pilot: {
            // Autoscaling needs a metrics server, which not every cluster has.
            autoscaleEnabled: false,
            replicaCount: istiod.replicas,
            seccompProfile: SECCOMP_PROFILE,
            topologySpreadConstraints: spreadOut(podsOf(name)),
            resources: { requests: istiod.requests, limits: istiod.limits },
            env: {
                // A mirrored copy says so: its Host ends with -shadow (T6), which Istio leaves out by default.
                DISABLE_SHADOW_HOST_SUFFIX: "false",
                // Vanilla Envoy has neither the filter istio.alpn nor metadata exchange: it would reject all configuration.
                ...(vanilla && { PILOT_ENABLE_ALPN_FILTER: "false", PILOT_ENABLE_METADATA_EXCHANGE: "false" }),
            },
        },
        // Without it there is no metrics provider, whose filter istio.stats vanilla Envoy does not have.
        telemetry: { enabled: !vanilla },
        meshConfig: {
            accessLogFile: mesh.accessLog.enabled ? "/dev/stdout" : "",
            accessLogEncoding: mesh.accessLog.encoding,
            outboundTrafficPolicy: { mode: mesh.outboundTrafficPolicy },
            // A path has one meaning to routes, policies and services alike (C14).
            pathNormalization: { normalization: mesh.pathNormalization },
            ...(extensionProviders.length > 0 && { extensionProviders }),
            // The agent shows the application's metrics together with the proxy's: Prometheus need not pass mutual TLS.
            enablePrometheusMerge: true,
            defaultConfig: {
                // Only matters where sidecars are ordinary containers (Kubernetes before 1.29).
                holdApplicationUntilProxyStarts: true,
                drainDuration: DRAIN_DURATION,
                proxyStatsMatcher: {
                    inclusionRegexps: VISIBLE_STATISTICS,
                    // What the monitoring has such proxies count: Istio's own have a filter for it.
                    ...(vanilla && { inclusionPrefixes: ["istio."] }),
                },
            },
        },
    };
}
export type ControlPlaneValues = ReturnType<typeof controlPlaneValues>;

/** The injection template turns the CPU limit into the number of Envoy's threads and cannot do without one. */
function withDefaultCpuLimit({ requests, limits }: Resources) {
    return { requests, limits: { cpu: limits.cpu ?? "2", memory: limits.memory } };
}

/** The control plane as `istioctl manifest generate` takes it. */
export function istioOperator(values: ControlPlaneValues) {
    return {
        apiVersion: "install.istio.io/v1alpha1",
        kind: "IstioOperator",
        metadata: { name: "istio-platform", namespace: ISTIO_NAMESPACE },
        spec: {
            // Custom resource definitions and istiod; the ingress gateway is a component of its own.
            profile: "minimal",
            components: {
                pilot: {
                    k8s: {
                        // The chart's probe asks every 3 s: whatever waits for the control plane would wait longer.
                        readinessProbe: {
                            httpGet: { path: "/ready", port: 8080 },
                            periodSeconds: 1,
                            timeoutSeconds: 5,
                        },
                    },
                },
            },
            values,
        },
    };
}
export type IstioOperator = ReturnType<typeof istioOperator>;
