import {
    applicationPods,
    applicationPorts,
    egressGateway,
    ingressGateway,
    outsideSite,
} from "../../verification/specs/support/names";
import type { Feature } from "../../verification/features";
import type { Pod } from "../../verification/target/target";
import type { PlainObject } from "../cluster/api";
import type { Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { otherObjects, union } from "./red";

/** Mistakes in who may connect to whom in the pod network. */

const needs: readonly Feature[] = ["network-policies", "outside-site", "egov", "ecommerce"];

const readinessPort = 15021;

/** The policy of a namespace. */
const policyOf = (namespace: string) =>
    ({ kind: "NetworkPolicy", namespace, name: `${namespace}-declared-only` }) as const;
const shopPolicy = ({ config }: Mesh) => policyOf(config.ecommerce.namespace);

const inNamespace = (namespace: string) => ({
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
});

/** The first pod of an application, or of a namespace. */
async function podOf(mesh: Mesh, namespace: string, app?: string): Promise<Pod> {
    const pods = await mesh.target.kubernetes.pods(namespace, app === undefined ? {} : { app });
    const pod = pods.find(({ readySince }) => readySince);
    if (!pod) throw new Error(`no pod of ${app ?? "any application"} in ${namespace} is ready`);
    return pod;
}

const stranger = (mesh: Mesh) => podOf(mesh, mesh.config.mesh.egress.site!.namespace, outsideSite);

/** The ports of a namespace's applications: whether each takes connections from a pod. */
async function connects(mesh: Mesh, from: Pod, namespace: string, port?: number): Promise<boolean[]> {
    const pods = (await applicationPods(mesh.target)).filter((pod) => pod.namespace === namespace && pod.readySince);
    const addresses = pods.flatMap((pod) =>
        (port === undefined ? applicationPorts(pod) : [port]).map((one) => `${pod.ip}:${one}`),
    );
    return [...(await mesh.target.dial(from, addresses)).values()].map((outcome) => outcome === "open");
}

const shopOpenToStrangers = async (mesh: Mesh) => connects(mesh, await stranger(mesh), mesh.config.ecommerce.namespace);

/** The objects are other ones, whatever they do. */
const otherPolicies = otherObjects("networkPolicies");

/** A change of a rule of the shop's policy. */
function inShopPolicy(
    mutation: Pick<Mutation, "name" | "description" | "traces"> & { expectRed: CheckSet },
    change: (spec: PlainObject["spec"], mesh: Mesh) => void,
): Mutation {
    return {
        ...mutation,
        ids: ["S6"],
        needs,
        expectRed: union(mutation.expectRed, otherPolicies),
        apply: (changes, mesh) => changes.edit(shopPolicy(mesh), ({ spec }) => change(spec, mesh)),
    };
}

export const networkPolicies: readonly Mutation[] = [
    {
        name: "network-policy-removed",
        ids: ["S6"],
        description: "The NetworkPolicy of the shop's namespace is gone: whoever wants to connects.",
        needs: [...needs, "registry-only"],
        apply: (changes, mesh) => changes.remove(shopPolicy(mesh)),
        traces: shopOpenToStrangers,
        expectRed: union(otherPolicies, { "network-policies": ["outside", "others", "outward"] }),
    },
    inShopPolicy(
        {
            name: "network-policy-everybody",
            description: "The shop's policy has a rule without peers: it lets in everybody.",
            traces: shopOpenToStrangers,
            expectRed: { "network-policies": ["outside", "others"] },
        },
        (spec) => {
            spec.ingress = [{}];
        },
    ),
    {
        name: "network-policy-second-one",
        ids: ["S6"],
        description: "A second policy of the shop's namespace lets in the namespace outside.",
        needs,
        apply: (changes, { config }) =>
            changes.create({
                apiVersion: "networking.k8s.io/v1",
                kind: "NetworkPolicy",
                metadata: { name: "for-a-while", namespace: config.ecommerce.namespace },
                spec: {
                    podSelector: {},
                    policyTypes: ["Ingress"],
                    ingress: [{ from: [inNamespace(config.mesh.egress.site!.namespace)] }],
                },
            }),
        traces: shopOpenToStrangers,
        expectRed: union(otherPolicies, { "network-policies": ["outside"] }),
    },
    inShopPolicy(
        {
            name: "network-policy-any-pod-of-the-gateways",
            description: "The shop's policy lets in every pod of the ingress gateway's namespace.",
            traces: async (mesh) =>
                connects(mesh, await podOf(mesh, "istio-system", egressGateway), mesh.config.ecommerce.namespace),
            expectRed: { "network-policies": ["others"] },
        },
        (spec) => {
            for (const { from = [] } of spec.ingress) for (const peer of from) delete peer.podSelector;
        },
    ),
    inShopPolicy(
        {
            name: "network-policy-every-port",
            description: "The shop's policy lets its callers in at every port.",
            traces: async (mesh) => {
                const gateway = await podOf(mesh, "istio-system", ingressGateway);
                return connects(mesh, gateway, mesh.config.ecommerce.namespace, readinessPort);
            },
            expectRed: { "network-policies": ["others"] },
        },
        (spec) => {
            for (const rule of spec.ingress) delete rule.ports;
        },
    ),
    {
        name: "network-policy-other-port",
        ids: ["S6"],
        description: "The policy of gateway-server's namespace lets its callers in at a port that nobody listens on.",
        needs,
        apply: (changes, { config }) =>
            changes.edit(policyOf(config.egov.namespaces.infra), ({ spec }) => {
                for (const { ports = [] } of spec.ingress) for (const one of ports) one.port = Number(one.port) + 1;
            }),
        traces: async (mesh) => {
            const { app, infra } = mesh.config.egov.namespaces;
            return (await connects(mesh, await podOf(mesh, app), infra)).map((connected) => !connected);
        },
        expectRed: union(otherPolicies, { "network-policies": ["callers"] }),
        // Connections that are open go on: whether the callers have one is chance.
        mayRed: { "egov-gateway-server": ["reach"] },
    },
    {
        name: "network-policy-outward-everything",
        ids: ["S6"],
        description: "The policy of gateway-server's namespace lets its pods reach everything.",
        needs: [...needs, "registry-only"],
        apply: (changes, { config }) =>
            changes.edit(policyOf(config.egov.namespaces.infra), ({ spec }) => {
                spec.egress = [{}];
            }),
        traces: async (mesh) => {
            const server = await podOf(mesh, mesh.config.egov.namespaces.infra);
            const dns = await mesh.target.kubernetes.pods("kube-system", { "k8s-app": "kube-dns" });
            const addresses = dns.flatMap(({ ip, containers }) =>
                containers.flatMap(({ ports }) => ports.map((port) => `${ip}:${port}`)),
            );
            return [
                [...(await mesh.target.dial(server, [...new Set(addresses)])).values()].every(
                    (said) => said === "open",
                ),
            ];
        },
        expectRed: union(otherPolicies, { "network-policies": ["outward"] }),
    },
];
