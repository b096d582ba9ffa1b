import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { RevisionTag } from "../config/revisions";
import type { Route } from "../config/routes";
import { studyContainerPorts, type BackendVersion, type StudyConfig } from "../config/study";
import {
    DestinationRule,
    Gateway,
    MeshVirtualService,
    RetriableStatusCodes,
    routesTo,
    serviceHost,
    VirtualService,
    type Destination,
    type HttpRouteArgs,
    type ServiceReference,
    type Subset,
} from "../traffic";
import type { Answer } from "./image";
import { MeshApplication, type MeshApplicationArgs } from "./mesh-application";
import { createNamespace } from "./namespace";

/** The system of the traffic and resilience study. */
export interface TrafficStudyArgs {
    /** The stack's configuration under `istio-platform:study`. */
    config: StudyConfig;
    /** Image of the containers; the sample app, since http-echo can neither forward nor fail. */
    image: string;
    /** Labels of the proxies that let requests in: the ingress gateway's. */
    gatewaySelector: Readonly<Record<string, string>>;
    /** What must be there before pods and traffic policy: the control plane. */
    mesh: readonly pulumi.Resource[];
    /**
     * The tag by which the pods are on a revision of the control plane (S9).
     * @default no tag: they are on the revision without a name
     */
    revisionTag?: RevisionTag;
}

const GATEWAY = "study-gateway";
const CATALOG = "catalog";
const WEBAPP = "webapp";
const SIMPLE_WEB = "simple-web";
const SIMPLE_BACKEND = "simple-backend";

/** Port of every Service of the study. */
const SERVICE_PORT = 80;

/**
 * The study's system: catalog in two versions (T1) behind webapp (T3), simple-backend behind simple-web (T8), each chain
 * with a host of its own at one Gateway. The routes to catalog and simple-backend act in the callers' sidecars.
 */
export class TrafficStudy extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(
        name: string,
        private readonly args: TrafficStudyArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("istio-platform:apps:TrafficStudy", name, {}, opts);
        const { config, gatewaySelector, mesh } = args;
        const namespace = createNamespace(config.namespace, { sidecars: args }, { parent: this });
        const traffic = { parent: this, dependsOn: [namespace, ...mesh] };
        const gateway = new Gateway(
            GATEWAY,
            { namespace: config.namespace, selector: gatewaySelector, hosts: Object.values(config.hosts) },
            traffic,
        );
        const catalog = this.createCatalog(namespace);
        const webapp = this.createCaller(WEBAPP, namespace, catalog.service);
        const backend = this.createBackend(namespace);
        const simpleWeb = this.createCaller(SIMPLE_WEB, namespace, backend.service, config.simpleWeb.zone);
        this.resources = [
            namespace,
            gateway,
            ...[catalog, webapp, backend, simpleWeb].flatMap(({ resources }) => resources),
            ...this.createCatalogTraffic(catalog.service, webapp.service, gateway, traffic),
            ...this.createBackendTraffic(backend.service, simpleWeb.service, gateway, traffic),
        ];
        this.registerOutputs({});
    }

    /** T1: one Deployment a version; the items of the newer one have an image. */
    private createCatalog(namespace: k8s.core.v1.Namespace) {
        const { catalog, resources } = this.args.config;
        const versions = Object.entries(catalog.versions).map(([version, { imageUrl, replicas }], index) => [
            version,
            {
                name: index === 0 ? CATALOG : `${CATALOG}-${version}`,
                answer: { text: catalogItems(imageUrl) },
                replicas,
                resources,
            },
        ]);
        return this.createApplication(CATALOG, namespace, Object.fromEntries(versions));
    }

    /** One pod that passes every request on, path and headers for routing included; where it is decides on zones (T9). */
    private createCaller(
        name: typeof WEBAPP | typeof SIMPLE_WEB,
        namespace: k8s.core.v1.Namespace,
        to: ServiceReference,
        zone?: string,
    ) {
        const answer: Answer = { forward: `http://${serviceHost(to)}:${to.port}` };
        return this.createApplication(name, namespace, {
            v1: { answer, zone, replicas: 1, resources: this.args.config.resources },
        });
    }

    /** T8, T9, T11: in two zones; slow or failing by its environment where the configuration says so. */
    private createBackend(namespace: k8s.core.v1.Namespace) {
        const { simpleBackend, resources } = this.args.config;
        const versions = Object.entries(simpleBackend.versions).map(([version, workload]) => [
            version,
            {
                name: `${SIMPLE_BACKEND}-${version.replace(/^v/, "")}`,
                answer: { text: "Hello from $(POD_NAME)" },
                env: faultEnvironment(workload),
                zone: workload.zone,
                replicas: workload.replicas,
                resources,
            },
        ]);
        return this.createApplication(SIMPLE_BACKEND, namespace, Object.fromEntries(versions));
    }

    private createApplication(
        name: keyof typeof studyContainerPorts,
        namespace: k8s.core.v1.Namespace,
        versions: MeshApplicationArgs["versions"],
    ) {
        const { config, image, mesh, revisionTag } = this.args;
        return new MeshApplication(
            name,
            {
                namespace,
                namespaceName: config.namespace,
                servicePort: SERVICE_PORT,
                containerPort: studyContainerPorts[name],
                image,
                versions,
                sidecarInjector: mesh,
                revisionTag,
            },
            { parent: this },
        );
    }

    /** T1-T4, T6: the same routes to catalog at the gateway and in the sidecar of webapp. */
    private createCatalogTraffic(
        catalog: ServiceReference,
        webapp: ServiceReference,
        gateway: Gateway,
        opts: pulumi.CustomResourceOptions,
    ) {
        const { namespace, hosts, catalog: config } = this.args.config;
        const subsets = Object.keys(config.versions).map((version) => [version, { version }]);
        const rule = new DestinationRule(CATALOG, { service: catalog, subsets: Object.fromEntries(subsets) }, opts);
        const routes = routesOf(config.routes, catalog, rule.subsets);
        return [
            rule,
            new MeshVirtualService(CATALOG, { service: catalog, routes }, opts),
            new VirtualService(
                `${CATALOG}-from-gateway`,
                { namespace, gateways: [gateway], hosts: [hosts.catalog], routes },
                opts,
            ),
            new VirtualService(
                WEBAPP,
                { namespace, gateways: [gateway], hosts: [hosts.webapp], routes: [{ prefix: "/", to: webapp }] },
                opts,
            ),
        ];
    }

    /** T8-T13: one subset a way to treat the pods, one route an experiment. */
    private createBackendTraffic(
        backend: ServiceReference,
        simpleWeb: ServiceReference,
        gateway: Gateway,
        opts: pulumi.CustomResourceOptions,
    ) {
        const { namespace, hosts, simpleBackend } = this.args.config;
        const { profiles, retriableStatusCodes: codes } = simpleBackend;
        const subsets = Object.entries(profiles).map(([name, { version }]) => [
            name,
            version === undefined ? { app: SIMPLE_BACKEND } : { version },
        ]);
        const rule = new DestinationRule(
            SIMPLE_BACKEND,
            { service: backend, subsets: Object.fromEntries(subsets), profiles },
            opts,
        );
        return [
            rule,
            new MeshVirtualService(
                SIMPLE_BACKEND,
                { service: backend, routes: routesOf(simpleBackend.routes, backend, rule.subsets) },
                opts,
            ),
            new VirtualService(
                SIMPLE_WEB,
                {
                    namespace,
                    gateways: [gateway],
                    hosts: [hosts.simpleWeb],
                    routes: routesOf(this.args.config.simpleWeb.routes, simpleWeb, {}),
                },
                opts,
            ),
            new RetriableStatusCodes(
                `${SIMPLE_BACKEND}-retry-status-codes`,
                { ...codes, caller: { app: SIMPLE_WEB, namespace }, service: backend },
                opts,
            ),
        ];
    }
}

/** The body of catalog's answer. */
function catalogItems(imageUrl: boolean): string {
    const item = { id: 1, color: "amber", department: "Eyewear", name: "Elinor Glasses", price: "282.00" };
    return JSON.stringify([{ ...item, ...(imageUrl && { imageUrl: "http://lorempixel.com/640/480" }) }]);
}

/** Delay and errors as the sample app reads them from its environment. */
function faultEnvironment({ delay, delayVariance, errorRate, errorCode }: BackendVersion): Record<string, string> {
    return {
        ...(delay && { TIMING_50_PERCENTILE: delay }),
        ...(delayVariance && { TIMING_VARIANCE: delayVariance }),
        ...(errorRate > 0 && { ERROR_RATE: String(errorRate), ERROR_CODE: String(errorCode) }),
    };
}

/** The configured routes; the configuration has at least one. */
function routesOf(routes: readonly Route[], to: Destination, subsets: Readonly<Record<string, Subset>>) {
    return routesTo(routes, to, subsets) as [HttpRouteArgs, ...HttpRouteArgs[]];
}
