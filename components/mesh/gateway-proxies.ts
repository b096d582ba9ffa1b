import type { Resources } from "../config/resources";
import { revisionMarks, type RevisionTag } from "../config/revisions";
import { ISTIO_NAMESPACE } from "./values";
import { spreadOut, unprivileged } from "../pods";

/** Proxies that stand alone, at the entrance or at the exit of the mesh, and the ports that lead to them. */

/** One kind of gateway. */
export interface GatewayProxies {
    /** Name of Deployment, ServiceAccount and Service; label `app`. */
    name: string;
    /** Labels that Gateways select the proxies by. */
    selector: Readonly<Record<string, string>>;
    /**
     * Number of proxies.
     * @default an autoscaler decides
     */
    replicas?: number;
    /** Requests and limits of every proxy. */
    resources: Resources;
    /**
     * Whether every connection begins with a header that tells the client's address (P3).
     * @default false
     */
    proxyProtocol?: boolean;
    /**
     * Seconds that a load balancer still sends requests to a pod that is being removed.
     * @default 0
     */
    drainSeconds?: number;
    /**
     * Priority class of the pods.
     * @default that of every pod
     */
    priorityClass?: string;
    /**
     * The tag by which the pods are on a revision of the control plane (S9).
     * @default no tag: they are on the revision without a name
     */
    revisionTag?: RevisionTag;
}

/** User that Istio's proxies run as. */
const PROXY_USER = 1337;

/** Seconds that a proxy may take to end. */
const GRACE_SECONDS = 30;

/** Ports of the proxy: what the Services lead to. Above 1024, so no privilege is needed to open them. */
export const PROXY_PORT = { status: 15021, http: 8080, https: 8443 };

/** `metadata` of everything that belongs to a gateway. */
export function gatewayMetadata({ name, selector }: Pick<GatewayProxies, "name" | "selector">) {
    const labels: Record<string, string> = { app: name, ...selector };
    return { name, namespace: ISTIO_NAMESPACE, labels };
}

/** The Deployment of a gateway: istiod's webhook makes the proxy out of the container (image `auto`). */
export function gatewayProxies(args: GatewayProxies) {
    const { name, selector, replicas, resources, proxyProtocol, drainSeconds = 0, priorityClass, revisionTag } = args;
    const revision = revisionMarks(revisionTag);
    const metadata = gatewayMetadata({ name, selector });
    return {
        metadata,
        spec: {
            ...(replicas !== undefined && { replicas }),
            selector: { matchLabels: selector },
            strategy: { rollingUpdate: { maxSurge: "100%", maxUnavailable: 0 } },
            template: {
                metadata: {
                    labels: { ...metadata.labels, "sidecar.istio.io/inject": "true", ...revision.labels },
                    annotations: {
                        "inject.istio.io/templates": "gateway",
                        ...revision.annotations,
                        ...(proxyProtocol && {
                            "proxy.istio.io/config": JSON.stringify({ gatewayTopology: { proxyProtocol: {} } }),
                        }),
                    },
                },
                spec: {
                    serviceAccountName: name,
                    ...(priorityClass && { priorityClassName: priorityClass }),
                    terminationGracePeriodSeconds: GRACE_SECONDS + drainSeconds,
                    // The proxy shows istiod a token of another kind; Kubernetes' API it does not ask.
                    automountServiceAccountToken: false,
                    topologySpreadConstraints: spreadOut(selector),
                    containers: [
                        {
                            name: "istio-proxy",
                            image: "auto",
                            // Injection keeps what is set here, and Kubernetes would set Always for a name without a tag.
                            imagePullPolicy: "IfNotPresent",
                            ports: [
                                { name: "status-port", containerPort: PROXY_PORT.status },
                                { name: "http2", containerPort: PROXY_PORT.http },
                                { name: "https", containerPort: PROXY_PORT.https },
                            ],
                            // Every second while it starts, so that the gateway opens as soon as it can; then seldom.
                            startupProbe: {
                                httpGet: { path: "/healthz/ready", port: PROXY_PORT.status },
                                periodSeconds: 1,
                                timeoutSeconds: 3,
                                failureThreshold: 120,
                            },
                            ...(drainSeconds > 0 && { lifecycle: { preStop: { sleep: { seconds: drainSeconds } } } }),
                            resources: { requests: resources.requests, limits: { cpu: "2", ...resources.limits } },
                            securityContext: unprivileged(PROXY_USER),
                        },
                    ],
                },
            },
        },
    };
}

/** A port of a gateway's Service. */
export function servicePort(name: string, port: number, targetPort: number, nodePort?: number) {
    return { name, port, targetPort, ...(nodePort !== undefined && { nodePort }) };
}
export type ServicePort = ReturnType<typeof servicePort>;
