import { objects } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { inHosts, shopCluster } from "./look";
import { countedInVain, sagaFromOutside, shopUnreachable, union } from "./red";

/** Mistakes in Services: to Kubernetes they are all correct. */

/** The proxies send requests to other addresses than those of the ready pods. */
const endpointsWrong: CheckSet = { "proxy-views": ["endpoints"] };

const service = "saga-tracker";
const other = "payment-api";

export const services: readonly Mutation[] = [
    {
        name: "service-selector-label",
        ids: ["C8", "C5"],
        description: `The Service ${service} selects a label that no pod carries, so that it has no endpoints.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("Service", config, service), ({ spec }) => {
                spec.selector = { app: "orders" };
            }),
        traces: (mesh) =>
            inHosts(mesh, ["gateway", "ecommerce"], shopCluster(mesh, service), (hosts) => hosts.length === 0),
        expectRed: union(shopUnreachable, sagaFromOutside, endpointsWrong),
        mayRed: countedInVain,
    },
    {
        name: "service-of-another-app",
        ids: ["C1", "C5"],
        description: `The Service ${service} selects the pods of ${other}: everything answers, but with the wrong text.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("Service", config, service), ({ spec }) => {
                spec.selector = { app: other };
            }),
        traces: async (mesh) => {
            const own = await mesh.target.kubernetes.pods(mesh.config.ecommerce.namespace, { app: service });
            return inHosts(
                mesh,
                ["gateway", "ecommerce"],
                shopCluster(mesh, service),
                (hosts) => hosts.length > 0 && !hosts.some(({ ip }) => own.some((pod) => pod.ip === ip)),
            );
        },
        expectRed: {
            "ecommerce-endpoints": ["assigned"],
            "ecommerce-inside-access": ["texts"],
            "ecommerce-outside-access": ["texts"],
            "ecommerce-routing": ["prefixes"],
            "ecommerce-health": ["smoke"],
            "ecommerce-answers": ["texts", "replicas"],
            "ecommerce-steady": ["answers"],
            paths: ["spellings"],
            "ecommerce-tokens": ["claim"],
            ...endpointsWrong,
        },
    },
    {
        name: "service-target-port",
        ids: ["C1", "C5"],
        description: `The Service ${service} leads to a port of its pods on which nobody listens.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("Service", config, service), ({ spec }) => {
                spec.ports[0].targetPort = 9999;
            }),
        traces: (mesh) =>
            inHosts(
                mesh,
                ["gateway", "ecommerce"],
                shopCluster(mesh, service),
                (hosts) => hosts.length > 0 && hosts.every(({ port }) => port === 9999),
            ),
        expectRed: {
            ...union(shopUnreachable, sagaFromOutside, endpointsWrong),
            // The pods' sidecars refuse those who are not declared at any port.
            "ecommerce-authorization": ["allowed"],
        },
        mayRed: countedInVain,
    },
];
