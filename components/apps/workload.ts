import type { types } from "@pulumi/kubernetes";
import type { SampleMetrics } from "../config/monitoring/sample-metrics";
import type { Resources } from "../config/resources";
import { containerArgs, HEALTH_PATH, type Answer } from "./image";
import { annotated, spreadOut, unprivileged } from "../pods";

/** One Deployment of an application: pods of one version. */
export interface WorkloadArgs {
    /** Name of the application: label `app`, container, Service and ServiceAccount. */
    app: string;
    /** Label `version`: what subsets choose by. */
    version: string;
    /** Namespace of the pods. */
    namespace: string;
    /**
     * Name of the Deployment.
     * @default the application's name
     */
    name?: string;
    /** Labels beside `app` and `version`. */
    labels?: Readonly<Record<string, string>>;
    /**
     * Zone that Istio takes the pods to be in, as `region/zone` (T9).
     * @default the zone of the node that a pod runs on
     */
    zone?: string;
    /** Image of the container. */
    image: string;
    /** What the container answers. */
    answer: Answer;
    /** Port that the container listens on. */
    port: number;
    /**
     * What the container counts for Prometheus.
     * @default nothing
     */
    metrics?: SampleMetrics | undefined;
    /**
     * Annotations of the pods.
     * @default none
     */
    annotations?: Readonly<Record<string, string>>;
    /** Environment of the container beside POD_NAME. */
    env?: Readonly<Record<string, string>>;
    /** Number of pods. */
    replicas: number;
    /** Requests and limits of the container. */
    resources: Resources;
}

/** User of every application container: nobody, not the sidecar's 1337, whose traffic bypasses the mesh. */
const APP_USER = 65534;

/** Seconds that a stopping pod goes on answering, until every proxy has taken it out of its endpoints. */
const DRAIN_SECONDS = 3;

/** Labels of this workload's pods; in a label's value Istio reads a dot for the slash that is not allowed there. */
export function workloadLabels({
    app,
    version,
    labels,
    zone,
}: Pick<WorkloadArgs, "app" | "version" | "labels" | "zone">) {
    return { ...labels, ...(zone !== undefined && { "istio-locality": zone.replace("/", ".") }), app, version };
}

/** The Deployment of a workload; selector, pod labels and spreading agree by construction (C8). */
export function deployment(args: WorkloadArgs) {
    const { app, version, namespace, name = app, replicas, metrics, annotations = {} } = args;
    const labels = workloadLabels(args);
    const selector = { app, version };
    return {
        metadata: { name, namespace, labels },
        spec: {
            replicas,
            selector: { matchLabels: selector },
            template: {
                metadata: { labels, ...annotated({ ...annotations, ...(metrics && merged(metrics.port)) }) },
                spec: {
                    serviceAccountName: app,
                    automountServiceAccountToken: false,
                    terminationGracePeriodSeconds: 30,
                    // A name with a dot is asked for as it is first: with the default, 5, the cluster's search path multiplies
                    // the queries of every call between services by four.
                    dnsConfig: { options: [{ name: "ndots", value: "1" }] },
                    topologySpreadConstraints: spreadOut(selector),
                    containers: [container(args)],
                },
            },
        },
    } satisfies types.input.apps.v1.Deployment;
}

/** Annotations by which the agent in the sidecar shows the container's metrics together with the proxy's. */
const merged = (port: number) => ({
    "prometheus.io/scrape": "true",
    "prometheus.io/port": String(port),
    "prometheus.io/path": "/metrics",
});

function container({ app, image, answer, port, metrics, env = {}, resources }: WorkloadArgs) {
    const health = { httpGet: { path: HEALTH_PATH, port: "http" } };
    return {
        name: app,
        image,
        imagePullPolicy: "IfNotPresent",
        args: [...containerArgs(port, answer), ...(metrics ? [`-metrics-listen=:${metrics.port}`] : [])],
        env: [
            { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
            ...Object.entries({ ...env, ...(metrics && { BUSINESS: metrics.business }) }).map(([name, value]) => ({
                name,
                value,
            })),
        ],
        ports: [
            { name: "http", containerPort: port },
            ...(metrics ? [{ name: "http-metrics", containerPort: metrics.port }] : []),
        ],
        // Asked every second until it answers, so that a pod is Ready as soon as it can be; then seldom.
        startupProbe: { ...health, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 60 },
        readinessProbe: { ...health, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 },
        livenessProbe: { ...health, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
        lifecycle: { preStop: { sleep: { seconds: DRAIN_SECONDS } } },
        resources,
        securityContext: unprivileged(APP_USER),
    } satisfies types.input.core.v1.Container;
}

/** The Service over all versions of an application. */
export function service(args: { app: string; namespace: string; port: number }) {
    const { app, namespace, port } = args;
    return {
        metadata: { name: app, namespace, labels: { app } },
        spec: {
            selector: { app },
            // The name tells Istio that it is HTTP; the target is the container's port of the same name.
            ports: [{ name: "http", port, targetPort: "http" }],
        },
    } satisfies types.input.core.v1.Service;
}
