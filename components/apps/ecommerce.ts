import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { EcommerceConfig } from "../config/apps";
import { callsOf } from "../config/calls";
import { canaryVersions } from "../config/canary";
import type { SampleMetrics } from "../config/monitoring/sample-metrics";
import type { RevisionTag } from "../config/revisions";
import { ServiceAuthorization } from "../security";
import { ISTIO_NAMESPACE } from "../mesh";
import {
    canary,
    createDestinations,
    createGateway,
    createRoutes,
    GatewayRateLimit,
    SidecarScope,
    subsetService,
    type AnyGateway,
    type Entrance,
    type KnownHost,
} from "../traffic";
import { MeshApplication } from "./mesh-application";
import { createNamespace } from "./namespace";

/** The C4ang e-commerce services. */
export interface EcommerceArgs {
    /** The stack's configuration under `istio-platform:ecommerce`. */
    config: EcommerceConfig;
    /** Image of the containers. */
    image: string;
    /**
     * Whether it is the sample app, which calls other services where a request asks for it (C7).
     * @default false
     */
    callsOthers?: boolean;
    /** Where requests come in: the ingress gateway. */
    entrance: Entrance;
    /**
     * Hosts of other namespaces that the services call, where `scope` is configured.
     * @default none
     */
    knownHosts?: readonly KnownHost[];
    /**
     * What a service counts for Prometheus (C17).
     * @default nothing
     */
    metrics?: (service: string) => SampleMetrics | undefined;
    /** What must be there before pods and traffic policy: the control plane. */
    mesh: readonly pulumi.Resource[];
    /**
     * The tag by which the pods are on a revision of the control plane (S9).
     * @default no tag: they are on the revision without a name
     */
    revisionTag?: RevisionTag;
}

/**
 * The e-commerce sample system: a namespace, its Gateway (C2), and for each of the six services (C1) a Service, a
 * Deployment, a VirtualService or HTTPRoute (C2, C3) and a DestinationRule (C4), all by the service's name; for a canary (C9) a second
 * Deployment.
 */
export class Ecommerce extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(name: string, args: EcommerceArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:apps:Ecommerce", name, {}, opts);
        const { config, entrance, mesh } = args;
        const namespace = createNamespace(config.namespace, { sidecars: args }, { parent: this });
        const gateway = createGateway(
            "ecommerce-gateway",
            { namespace: config.namespace, entrance, hosts: config.hosts, tls: config.tls },
            { parent: this, dependsOn: [namespace, ...mesh] },
        );
        const services = Object.keys(config.services).flatMap((service) =>
            this.createService(service, args, namespace, gateway),
        );
        this.resources = [
            namespace,
            gateway,
            ...services,
            ...this.narrow(args, namespace),
            ...this.authorize(args, namespace),
            ...this.limit(args),
        ];
        this.registerOutputs({});
    }

    /** T7: what the sidecars know, where it is configured. */
    private narrow(
        { config, entrance, knownHosts, mesh }: EcommerceArgs,
        created: k8s.core.v1.Namespace,
    ): pulumi.CustomResource[] {
        if (!config.scope) return [];
        const { namespace, servicePort: port } = config;
        const services = Object.keys(config.services).flatMap((name) => {
            const service = { name, namespace, port };
            const canary = entrance.routing === "gateway-api" && name in config.canaries;
            const versions = canary ? ["stable", "candidate"] : [];
            return [service, ...versions.map((subset) => subsetService({ service, name: subset }))];
        });
        const opts = { parent: this, dependsOn: [created, ...mesh] };
        return [new SidecarScope(namespace, { namespace, services, others: knownHosts }, opts)];
    }

    /** S4, where it is configured. */
    private authorize({ config, mesh }: EcommerceArgs, namespace: k8s.core.v1.Namespace): pulumi.CustomResource[] {
        if (!config.authorization) return [];
        const { resources } = new ServiceAuthorization(
            config.namespace,
            {
                namespace: config.namespace,
                services: Object.keys(config.services),
                calls: config.authorization.calls,
                dependsOn: [namespace, ...mesh],
            },
            { parent: this },
        );
        return [...resources];
    }

    /** S7, where it is configured. */
    private limit({ config, entrance, mesh }: EcommerceArgs): pulumi.CustomResource[] {
        if (!config.rateLimit) return [];
        const limit = { namespace: ISTIO_NAMESPACE, selector: entrance.selector, ...config.rateLimit };
        return [new GatewayRateLimit("gateway-rate-limit", limit, { parent: this, dependsOn: [...mesh] })];
    }

    private createService(
        name: string,
        { config, image, callsOthers, metrics, mesh, revisionTag }: EcommerceArgs,
        namespace: k8s.core.v1.Namespace,
        gateway: AnyGateway,
    ): pulumi.CustomResource[] {
        const { path, response } = config.services[name]!;
        const { connectionPool, outlierDetection, routePolicy, replicas, resources } = config;
        const { stable, candidate } = canaryVersions;
        const trial = config.canaries[name];
        const calls = callsOthers && { calls: callsOf(name, config) };
        const application = new MeshApplication(
            name,
            {
                namespace,
                namespaceName: config.namespace,
                servicePort: config.servicePort,
                containerPort: config.containerPort,
                image,
                versions: {
                    [stable]: { answer: { text: response, ...calls }, replicas, resources },
                    ...(trial && {
                        [candidate]: {
                            name: `${name}-${candidate}`,
                            answer: { text: trial.response ?? response, ...calls },
                            replicas: trial.replicas,
                            resources,
                        },
                    }),
                },
                metrics: metrics?.(name),
                disruptionBudget: config.disruptionBudgets,
                sidecarInjector: mesh,
                revisionTag,
            },
            { parent: this },
        );
        const { service } = application;
        const opts = { parent: this, dependsOn: [namespace, ...mesh] };
        const policy = { service, connectionPool, outlierDetection };
        const plain = { prefix: path, ...routePolicy };
        const { routing } = gateway;
        const [rules, routes] = trial
            ? canaryTraffic()
            : ([createDestinations(routing, name, policy, opts).resources, [{ ...plain, to: service }]] as const);
        const route = createRoutes(name, { namespace: config.namespace, gateway, routes }, opts);
        return [...application.resources, ...rules, route];

        /** C9, C10: subsets of both versions, and the rules that share the requests between them. */
        function canaryTraffic() {
            const subsets = { stable: { version: stable }, candidate: { version: candidate } };
            const destinations = createDestinations(routing, name, { ...policy, subsets }, opts);
            const { weights, groups } = trial!;
            return [destinations.resources, canary({ ...plain, ...destinations.subsets, weights, groups })] as const;
        }
    }
}
