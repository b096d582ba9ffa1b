import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { helloPorts, type EgovConfig } from "../config/apps";
import type { RevisionTag } from "../config/revisions";
import { createDestinations, createRoutes, routesTo, serviceHost, split, type AnyGateway } from "../traffic";
import { MeshApplication } from "./mesh-application";
import { createNamespace } from "./namespace";

/** egov-hello and gateway-server of the e-Government guide. */
export interface EgovHelloArgs {
    /** The stack's configuration under `istio-platform:egov`. */
    config: EgovConfig;
    /** Image of the containers; the sample app, since http-echo can neither force errors nor forward. */
    image: string;
    /** The Gateway that requests from outside come through (E3). */
    gateway: AnyGateway;
    /** What must be there before pods and traffic policy: the control plane. */
    mesh: readonly pulumi.Resource[];
    /**
     * The tag by which the pods are on a revision of the control plane (S9).
     * @default no tag: they are on the revision without a name
     */
    revisionTag?: RevisionTag;
}

const HELLO = "egov-hello";
const GATEWAY_SERVER = "gateway-server";

/**
 * The e-Government sample system: namespaces (E1), egov-hello with its error variant (E2), its route (E3), load balancing
 * and circuit breaker (E4-E6), gateway-server that calls it from inside the mesh (E7).
 */
export class EgovHello extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];
    /** Namespace of the monitoring (E1). */
    readonly monitoringNamespace: k8s.core.v1.Namespace;

    constructor(name: string, args: EgovHelloArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:apps:EgovHello", name, {}, opts);
        const namespaces = this.createNamespaces(args);
        this.monitoringNamespace = namespaces.monitoring;
        const hello = this.createHello(args, namespaces.app);
        const gatewayServer = this.createGatewayServer(args, namespaces.infra, hello);
        const traffic = this.createTraffic(args, namespaces.app, hello);
        this.resources = [...Object.values(namespaces), ...hello.resources, ...gatewayServer.resources, ...traffic];
        this.registerOutputs({});
    }

    /** E1. Monitoring stays outside the mesh: it scrapes pods directly. */
    private createNamespaces(args: EgovHelloArgs) {
        const { app, infra, monitoring } = args.config.namespaces;
        const opts = { parent: this };
        return {
            app: createNamespace(app, { sidecars: args }, opts),
            infra: createNamespace(infra, { sidecars: args }, opts),
            monitoring: createNamespace(monitoring, { sidecars: false }, opts),
        };
    }

    /** E2: one Deployment a subset; `error` answers every request with 500. */
    private createHello({ config, image, mesh, revisionTag }: EgovHelloArgs, namespace: k8s.core.v1.Namespace) {
        const versions = Object.entries(config.hello.subsets).map(([subset, { variant, replicas }]) => [
            subset,
            {
                name: `${HELLO}-${subset}`,
                labels: { variant },
                answer: { text: "Hello from $(POD_NAME)" },
                env: variant === "error" ? { FORCE_ERROR: "true" } : undefined,
                replicas,
                resources: config.resources,
            },
        ]);
        return new MeshApplication(
            HELLO,
            {
                namespace,
                namespaceName: config.namespaces.app,
                servicePort: helloPorts.service,
                containerPort: helloPorts.container,
                image,
                versions: Object.fromEntries(versions),
                disruptionBudget: config.disruptionBudgets,
                sidecarInjector: mesh,
                revisionTag,
            },
            { parent: this },
        );
    }

    /** E7: obeys egov-hello's DestinationRule, but not its VirtualService, which is bound to the gateway. */
    private createGatewayServer(
        { config, image, mesh, revisionTag }: EgovHelloArgs,
        namespace: k8s.core.v1.Namespace,
        hello: MeshApplication,
    ) {
        const { port } = config.gatewayServer;
        const { path } = config.hello;
        const answer = { forward: `http://${serviceHost(hello.service)}:${hello.service.port}${path}` };
        return new MeshApplication(
            GATEWAY_SERVER,
            {
                namespace,
                namespaceName: config.namespaces.infra,
                servicePort: port,
                containerPort: port,
                image,
                versions: { v1: { answer, replicas: 1, resources: config.resources } },
                sidecarInjector: mesh,
                revisionTag,
            },
            { parent: this },
        );
    }

    /** E3-E6, and E8-E10 where weights or further routes are configured. */
    private createTraffic(
        { config, gateway, mesh }: EgovHelloArgs,
        namespace: k8s.core.v1.Namespace,
        { service }: MeshApplication,
    ) {
        const opts = { parent: this, dependsOn: [namespace, ...mesh] };
        const { loadBalancer, outlierDetection } = config;
        const { subsets, path, weights, routes } = config.hello;
        const destinations = createDestinations<string>(
            gateway.routing,
            HELLO,
            {
                service,
                loadBalancer,
                outlierDetection,
                subsets: Object.fromEntries(
                    Object.entries(subsets).map(([subset, { variant }]) => [subset, { variant, version: subset }]),
                ),
            },
            opts,
        );
        const plain = { prefix: path, to: weights ? split(destinations.subsets, weights) : service };
        const route = createRoutes(
            HELLO,
            {
                namespace: config.namespaces.app,
                gateway,
                routes: [plain, ...routesTo(routes, service, destinations.subsets)],
            },
            opts,
        );
        return [...destinations.resources, route];
    }
}
