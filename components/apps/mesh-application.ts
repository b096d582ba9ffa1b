import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { SampleMetrics } from "../config/monitoring/sample-metrics";
import { revisionAnnotations, type RevisionTag } from "../config/revisions";
import type { ServiceReference } from "../traffic";
import { disruptionBudgets } from "../pods";
import { deployment, service, type WorkloadArgs } from "./workload";

/** An application of the mesh: one Service and one ServiceAccount over one or more versions. */
export interface MeshApplicationArgs {
    /** Namespace, with sidecar injection on. */
    namespace: k8s.core.v1.Namespace;
    /** Name of that namespace. */
    namespaceName: string;
    /** Port of the Service. */
    servicePort: number;
    /** Port that the containers listen on. */
    containerPort: number;
    /** Image of the containers. */
    image: string;
    /** Version -> its Deployment. */
    versions: Readonly<
        Record<string, Pick<WorkloadArgs, "name" | "labels" | "zone" | "answer" | "env" | "replicas" | "resources">>
    >;
    /**
     * What the containers count for Prometheus (C17).
     * @default nothing
     */
    metrics?: SampleMetrics | undefined;
    /**
     * Whether nodes are emptied of its pods one at a time, where there are several.
     * @default false
     */
    disruptionBudget?: boolean;
    /** What must be there before a pod starts, or it would start without a sidecar. */
    sidecarInjector: readonly pulumi.Resource[];
    /**
     * The tag by which the pods are on a revision of the control plane (S9).
     * @default no tag: they are on the revision without a name
     */
    revisionTag?: RevisionTag;
}

/**
 * An application of the mesh: Service, ServiceAccount (its identity in mutual TLS) and a Deployment a version.
 *
 * @example
 * new MeshApplication("order-api", {
 *     namespace, namespaceName: "ecommerce", servicePort: 8080, containerPort: 5678, image,
 *     versions: { v1: { replicas: 2, answer: { text: "Order Service Test Response" }, resources } },
 *     sidecarInjector: mesh.ready,
 * });
 */
export class MeshApplication extends pulumi.ComponentResource {
    /** The Service: destination of routes and subject of a DestinationRule. */
    readonly service: ServiceReference;
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(name: string, args: MeshApplicationArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:apps:MeshApplication", name, {}, opts);
        const { namespaceName, servicePort, containerPort, image, versions, metrics } = args;
        const inNamespace = { parent: this, dependsOn: [args.namespace] };
        const annotations = revisionAnnotations(args.revisionTag, namespaceName);

        const account = new k8s.core.v1.ServiceAccount(
            name,
            { metadata: { name, namespace: namespaceName, labels: { app: name } } },
            inNamespace,
        );
        const entrance = new k8s.core.v1.Service(
            name,
            service({ app: name, namespace: namespaceName, port: servicePort }),
            inNamespace,
        );
        const deployments = Object.entries(versions).map(
            ([version, workload]) =>
                new k8s.apps.v1.Deployment(
                    workload.name ?? name,
                    deployment({
                        ...workload,
                        app: name,
                        version,
                        namespace: namespaceName,
                        image,
                        port: containerPort,
                        metrics,
                        annotations,
                    }),
                    { parent: this, dependsOn: [account, ...args.sidecarInjector] },
                ),
        );

        this.service = { name, namespace: namespaceName, port: servicePort };
        const pods = Object.values(versions).reduce((sum, { replicas }) => sum + replicas, 0);
        const budgets = args.disruptionBudget
            ? disruptionBudgets(
                  {
                      metadata: { name, namespace: namespaceName, labels: { app: name } },
                      labels: { app: name },
                      replicas: pods,
                  },
                  inNamespace,
              )
            : [];
        this.resources = [account, entrance, ...deployments, ...budgets];
        this.registerOutputs({ service: this.service });
    }
}
