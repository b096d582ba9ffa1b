import { siteHosts, type ExternalHost } from "../../../components/config/egress";
import type { PlainObject } from "../cluster/api";
import { objects, type Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { takeSnapshot } from "../../verification/proxy-views/snapshot";
import { helloCluster, inClusters, shopCluster } from "./look";
import { otherObjects, union } from "./red";

/** Mistakes in what the sidecars of the e-commerce services know of the rest of the mesh. */

const payment = "payment-api";
const customer = "customer-api";

/** A stack that narrows what they know, beside hosts that are to be refused. */
const needs: Mutation["needs"] = ["ecommerce", "egov", "registry-only", "ecommerce-scope", "scope-outside"];

/** They know more, and reach it. */
const wider: CheckSet = { "sidecar-scope": ["hosts", "refused"] };

/** A host outside, by whether the e-commerce services are to know it. */
function outside({ config: { ecommerce, mesh } }: Mesh, known: boolean): ExternalHost {
    const found = siteHosts(mesh.egress).find(([name]) => ecommerce.scope?.outside.includes(name) === known);
    if (!found) throw new Error(`ecommerce.scope.outside names ${known ? "none" : "all"} of mesh.egress.hosts`);
    return found[1];
}

const outsideCluster = ({ host, port }: ExternalHost): string => `outbound|${port}||${host}`;

/** A change of the Sidecar. */
function scope(
    mutation: Pick<Mutation, "name" | "description" | "traces"> & { expectRed: CheckSet },
    change: (spec: PlainObject["spec"], mesh: Mesh) => void,
): Mutation {
    return {
        ...mutation,
        ids: ["T7"],
        needs,
        expectRed: union(mutation.expectRed, otherObjects("proxies")),
        apply: (changes, mesh) => changes.edit(sidecarOf(mesh), ({ spec }) => change(spec, mesh)),
    };
}

const sidecarOf = ({ config }: Mesh) => objects.shop("Sidecar", config, config.ecommerce.namespace);

/** The sidecars of the e-commerce services: whether they know a cluster. */
const know = (mesh: Mesh, cluster: string, known = true) =>
    inClusters(mesh, ["ecommerce"], cluster, (found) => (found !== undefined) === known);

export const scopes: readonly Mutation[] = [
    {
        name: "scope-removed",
        ids: ["T7"],
        description: "The Sidecar of the shop is gone: its pods know the whole mesh.",
        needs,
        apply: (changes, mesh) => changes.remove(sidecarOf(mesh)),
        traces: (mesh) => know(mesh, helloCluster(mesh)),
        expectRed: union(wider, otherObjects("proxies")),
    },
    scope(
        {
            name: "scope-service-added",
            description: "The Sidecar of the shop names egov-hello, too, which no service of the shop calls.",
            traces: (mesh) => know(mesh, helloCluster(mesh)),
            expectRed: wider,
        },
        (spec, { config }) => {
            const { app } = config.egov.namespaces;
            spec.egress[0].hosts.push(`${app}/egov-hello.${app}.svc.cluster.local`);
        },
    ),
    scope(
        {
            name: "scope-outside-added",
            description: "The Sidecar of the shop names a host outside that no service of the shop calls.",
            traces: (mesh) => know(mesh, outsideCluster(outside(mesh, false))),
            expectRed: wider,
        },
        (spec, mesh) => {
            spec.egress[0].hosts.push(`istio-system/${outside(mesh, false).host}`);
        },
    ),
    scope(
        {
            name: "scope-outside-removed",
            description: "The Sidecar of the shop does not name the host outside that its services call.",
            traces: (mesh) => know(mesh, outsideCluster(outside(mesh, true)), false),
            expectRed: { "sidecar-scope": ["reached"] },
        },
        (spec, mesh) => without(spec, `istio-system/${outside(mesh, true).host}`),
    ),
    scope(
        {
            name: "scope-service-removed",
            description: `The Sidecar of the shop does not name ${payment}: nobody there knows it.`,
            traces: (mesh) => know(mesh, shopCluster(mesh, payment), false),
            expectRed: {
                "ecommerce-answers": ["texts", "replicas"],
                "ecommerce-authorization": ["allowed", "denied"],
                "ecommerce-destination-rules": ["attached", "sidecars"],
                "proxy-views": ["routes", "clusters", "endpoints"],
                "route-tables": ["sidecars"],
            },
        },
        (spec, { config }) => without(spec, `./${payment}.${config.ecommerce.namespace}.svc.cluster.local`),
    ),
    scope(
        {
            name: "scope-one-workload",
            description: `The Sidecar of the shop holds for ${customer} only: all other pods know the whole mesh.`,
            traces: async (mesh) => {
                const pods = (await mesh.proxies("ecommerce")).filter(({ labels }) => labels["app"] !== customer);
                const found = await Promise.all(pods.map((pod) => mesh.target.proxy(pod).hosts(helloCluster(mesh))));
                return found.map((hosts) => hosts.length > 0);
            },
            expectRed: wider,
        },
        (spec) => {
            spec.workloadSelector = { labels: { app: customer } };
        },
    ),
    scope(
        {
            name: "scope-allow-any",
            description: "The Sidecar of the shop lets through what its pods do not know.",
            traces: async (mesh) => {
                const pods = await mesh.proxies("ecommerce");
                return Promise.all(
                    pods.map(async (pod) => {
                        const { listeners } = await takeSnapshot(mesh.target.proxy(pod));
                        return JSON.stringify(listeners["virtualOutbound"]).includes("PassthroughCluster");
                    }),
                );
            },
            expectRed: { egress: ["policy"], "sidecar-scope": ["refused"] },
        },
        (spec) => {
            spec.outboundTrafficPolicy = { mode: "ALLOW_ANY" };
        },
    ),
];

function without(spec: PlainObject["spec"], host: string): void {
    const hosts = spec.egress[0].hosts as string[];
    if (!hosts.includes(host)) throw new Error(`the Sidecar does not name ${host}; it names: ${hosts.join(", ")}`);
    spec.egress[0].hosts = hosts.filter((one) => one !== host);
}
