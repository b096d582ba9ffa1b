import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { RequestFilterConfig } from "../config/request-filter";
import { revisionMarks, type RevisionTag } from "../config/revisions";
import { ISTIO_NAMESPACE, REQUEST_FILTER } from "../mesh";
import { annotated, disruptionBudgets, spreadOut, unprivileged } from "../pods";
import { SECURITY_API } from "./api";

/** What looks at the requests that a gateway lets in. */
export interface RequestFilterArgs {
    /** The stack's configuration under `istio-platform:mesh.ingressGateway.requestFilter`. */
    config: RequestFilterConfig;
    /** Image of services/request-filter. */
    image: string;
    /** Labels of the gateway's pods. */
    selector: Readonly<Record<string, string>>;
    /** What must be there before pods and Istio's objects: the control plane. */
    mesh: readonly pulumi.Resource[];
    /**
     * The tag by which its pods are on a revision of the control plane (S9).
     * @default no tag: they are on the revision without a name
     */
    revisionTag?: RevisionTag;
}

const { name, port } = REQUEST_FILTER;
const labels = { app: name };
const metadata = { name, namespace: ISTIO_NAMESPACE, labels };

/** User of the container: nobody, not the sidecar's 1337, whose traffic bypasses the mesh. */
const FILTER_USER = 65532;

/** Seconds that a stopping pod goes on answering. */
const DRAIN_SECONDS = 3;

/** The filter's Deployment: with a sidecar, since the bodies that it is sent are the customers' data. */
export function filterDeployment({
    config,
    image,
    revisionTag,
}: Pick<RequestFilterArgs, "config" | "image" | "revisionTag">) {
    const { mode, status, paranoiaLevel, anomalyThreshold, maxBodyBytes, replicas, resources } = config;
    const health = { grpc: { port } };
    const revision = revisionMarks(revisionTag);
    return {
        metadata,
        spec: {
            replicas,
            selector: { matchLabels: labels },
            strategy: { rollingUpdate: { maxSurge: "100%", maxUnavailable: 0 } },
            template: {
                metadata: {
                    labels: { ...labels, "sidecar.istio.io/inject": "true", ...revision.labels },
                    ...annotated(revision.annotations),
                },
                spec: {
                    serviceAccountName: name,
                    automountServiceAccountToken: false,
                    topologySpreadConstraints: spreadOut(labels),
                    containers: [
                        {
                            name,
                            image,
                            imagePullPolicy: "IfNotPresent",
                            args: [
                                `-listen=:${port}`,
                                `-mode=${mode}`,
                                `-status=${status}`,
                                `-paranoia-level=${paranoiaLevel}`,
                                `-anomaly-threshold=${anomalyThreshold}`,
                                `-max-body-bytes=${maxBodyBytes}`,
                            ],
                            ports: [{ name: "grpc", containerPort: port }],
                            // Asked every second until the rules are loaded; then seldom.
                            startupProbe: { ...health, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 60 },
                            readinessProbe: { ...health, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 },
                            livenessProbe: { ...health, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
                            // Until every gateway has taken a stopping pod out of its endpoints.
                            lifecycle: { preStop: { sleep: { seconds: DRAIN_SECONDS } } },
                            resources,
                            securityContext: unprivileged(FILTER_USER),
                            // Where the parts of an uploaded form are put while they are looked at.
                            volumeMounts: [{ name: "parts", mountPath: "/tmp" }],
                        },
                    ],
                    volumes: [{ name: "parts", emptyDir: { sizeLimit: "64Mi" } }],
                },
            },
        },
    };
}

/** The filter's Service, which only the proxies of its own namespace know: the gateways. */
export function filterService() {
    return {
        metadata: { ...metadata, annotations: { "networking.istio.io/exportTo": "." } },
        spec: { selector: labels, ports: [{ name: "grpc", port, targetPort: "grpc", appProtocol: "grpc" }] },
    };
}

/** `spec` of the policy by which the gateway asks the filter about every request to the paths. */
export function filterPolicySpec({ selector, config }: Pick<RequestFilterArgs, "selector" | "config">) {
    return {
        selector: { matchLabels: { ...selector } },
        action: "CUSTOM",
        provider: { name },
        rules: [{ to: [{ operation: { paths: config.paths.map((path) => `${path}*`) } }] }],
    };
}

/**
 * Requests from outside that look like an attack are refused at the gateway (C14): it asks a service of this project, in
 * which Coraza applies the OWASP Core Rule Set to path, query, headers, cookies and body.
 */
export class RequestFilter extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(resource: string, args: RequestFilterArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:security:RequestFilter", resource, {}, opts);
        const dependent = { parent: this, dependsOn: [...args.mesh] };
        const account = new k8s.core.v1.ServiceAccount(name, { metadata }, dependent);
        const service = new k8s.core.v1.Service(name, filterService(), dependent);
        const deployment = new k8s.apps.v1.Deployment(name, filterDeployment(args), {
            parent: this,
            dependsOn: [account, ...args.mesh],
        });
        const budgets = disruptionBudgets({ metadata, labels, replicas: args.config.replicas }, dependent);
        // Last: until the filter answers, the gateway would refuse every request to the paths.
        const policy = new k8s.apiextensions.CustomResource(
            name,
            { apiVersion: SECURITY_API, kind: "AuthorizationPolicy", metadata, spec: filterPolicySpec(args) },
            { parent: this, dependsOn: [service, deployment] },
        );
        this.resources = [account, service, deployment, ...budgets, policy];
        this.registerOutputs({});
    }
}
