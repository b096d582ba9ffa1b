import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { siteContainerPort, type OutsideSiteConfig } from "../config/egress";
import type { Resources } from "../config/resources";
import { createNamespace } from "./namespace";
import { deployment } from "./workload";

/** A site outside of the mesh. */
export interface OutsideSiteArgs {
    /** The stack's configuration under `istio-platform:mesh.egress.site`. */
    config: OutsideSiteConfig;
    /** Image of the container. */
    image: string;
}

const SITE = "outside-site";
const SIZE: Resources = { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "256Mi" } };

/** `exportTo` nobody: Istio then does not know the Service, which only the cluster's DNS still leads to. */
const HIDDEN = { "networking.istio.io/exportTo": "~" };

/** The Service by which the site has one of its names. */
export function siteService(name: string, { namespace, otherPort }: OutsideSiteConfig) {
    return {
        metadata: { name, namespace, labels: { app: SITE }, annotations: HIDDEN },
        spec: {
            selector: { app: SITE },
            ports: [
                { name: "http", port: 80, targetPort: "http" },
                { name: "http-other", port: otherPort, targetPort: "http" },
            ],
        },
    };
}

/**
 * What stands in for the world outside on a machine that reaches no other: one pod without a sidecar under several names,
 * of which the mesh knows none unless they are declared (P11, T7).
 */
export class OutsideSite extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(name: string, { config, image }: OutsideSiteArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:apps:OutsideSite", name, {}, opts);
        const namespace = createNamespace(config.namespace, { sidecars: false }, { parent: this });
        const inNamespace = { parent: this, dependsOn: [namespace] };
        const account = new k8s.core.v1.ServiceAccount(
            SITE,
            { metadata: { name: SITE, namespace: config.namespace, labels: { app: SITE } } },
            inNamespace,
        );
        const pods = new k8s.apps.v1.Deployment(
            SITE,
            deployment({
                app: SITE,
                version: "v1",
                namespace: config.namespace,
                image,
                answer: { text: "Hello from outside" },
                port: siteContainerPort,
                replicas: 1,
                resources: SIZE,
            }),
            { parent: this, dependsOn: [account] },
        );
        const services = config.services.map(
            (service) => new k8s.core.v1.Service(service, siteService(service, config), inNamespace),
        );
        this.resources = [namespace, account, pods, ...services];
        this.registerOutputs({});
    }
}
