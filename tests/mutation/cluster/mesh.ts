import { KubeConfig } from "@kubernetes/client-node";
import type { PlatformConfig } from "../../../components/config/platform";
import { ofRevision, revisionOf } from "../../../components/config/revisions";
import { connectTarget } from "../../verification/target/connect";
import type { VerificationTarget } from "../../verification/target/file";
import type { EnvoyCluster, EnvoyRoute, Pod, Target } from "../../verification/target/target";
import { PlainApi, type Reference } from "./api";

/**
 * Proxies to look at: those of the ingress gateway, the sidecars of the e-commerce pods, and the sidecars of the pods that
 * call others: gateway-server, webapp and simple-web.
 */
export type Proxies = "gateway" | "gateway-server" | "ecommerce" | "webapp" | "simple-web";

/** A route of a proxy with the domains under which it is chosen. */
export type DomainRoute = EnvoyRoute & { domains: readonly string[] };

/** The running mesh: its objects and what its proxies have made of them. */
export class Mesh {
    private constructor(
        readonly config: PlatformConfig,
        readonly api: PlainApi,
        readonly target: Target,
    ) {}

    static async connect(description: VerificationTarget): Promise<Mesh> {
        const target = await connectTarget(description);
        const kubeConfig = new KubeConfig();
        kubeConfig.loadFromFile(description.kubeconfig);
        return new Mesh(description.config, new PlainApi(kubeConfig), target);
    }

    /** The pods whose proxies are meant; only those with a proxy that is ready. */
    async proxies(which: Proxies): Promise<Pod[]> {
        const { egov, ecommerce, study } = this.config;
        const { kubernetes } = this.target;
        const find: Record<Proxies, () => Promise<Pod[]>> = {
            gateway: () => this.target.gatewayPods(),
            "gateway-server": () => kubernetes.pods(egov.namespaces.infra, { app: "gateway-server" }),
            ecommerce: () => kubernetes.pods(ecommerce.namespace),
            webapp: () => kubernetes.pods(study.namespace, { app: "webapp" }),
            "simple-web": () => kubernetes.pods(study.namespace, { app: "simple-web" }),
        };
        const pods = await find[which]();
        return pods.filter(({ sidecar }) => sidecar?.ready);
    }

    /** All routes in each of the proxies: one list a pod. */
    async routes(which: Proxies): Promise<DomainRoute[][]> {
        const pods = await this.proxies(which);
        return Promise.all(
            pods.map(async (pod) =>
                (await this.target.proxy(pod).routes()).flatMap(({ virtual_hosts = [] }) =>
                    virtual_hosts.flatMap(({ domains, routes = [] }) => routes.map((route) => ({ ...route, domains }))),
                ),
            ),
        );
    }

    /** One cluster in each of the proxies; undefined where the proxy does not have it. */
    async clusters(which: readonly Proxies[], name: string): Promise<(EnvoyCluster | undefined)[]> {
        const pods = (await Promise.all(which.map((one) => this.proxies(one)))).flat();
        return Promise.all(
            pods.map(async (pod) => {
                const found = await this.target.proxy(pod).clusters(`^${name.replace(/[|.]/g, "\\$&")}$`);
                return found.find((cluster) => cluster.name === name);
            }),
        );
    }

    close(): Promise<void> {
        return this.target.close();
    }
}

/** Names of the objects that the platform deploys. */
export const objects = {
    hello: (kind: Reference["kind"], { egov }: PlatformConfig): Reference => ({
        kind,
        namespace: egov.namespaces.app,
        name: "egov-hello",
    }),
    gatewayServer: (kind: Reference["kind"], { egov }: PlatformConfig): Reference => ({
        kind,
        namespace: egov.namespaces.infra,
        name: "gateway-server",
    }),
    shop: (kind: Reference["kind"], { ecommerce }: PlatformConfig, name: string): Reference => ({
        kind,
        namespace: ecommerce.namespace,
        name,
    }),
    study: (kind: Reference["kind"], { study }: PlatformConfig, name: string): Reference => ({
        kind,
        namespace: study.namespace,
        name,
    }),
    istio: (kind: Reference["kind"], name: string): Reference => ({ kind, namespace: "istio-system", name }),
    /** An object of which every control plane has one: that of the revision that the gateways are on. */
    controlPlane: (kind: Reference["kind"], name: string, { mesh }: PlatformConfig): Reference => ({
        kind,
        namespace: kind.endsWith("WebhookConfiguration") ? "" : "istio-system",
        name: ofRevision(name, revisionOf(mesh.revisionTag)),
    }),
    namespace: (name: string): Reference => ({ kind: "Namespace", namespace: "", name }),
};
