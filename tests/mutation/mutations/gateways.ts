import { objects, type Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { inGatewayRoutes } from "./look";
import {
    canaryGone,
    gatewayTable,
    helloFromOutside,
    notCounted,
    otherObjects,
    sagaFromOutside,
    shopRouteGone,
    union,
} from "./red";

/** Mistakes at the entrance of the mesh. */

const shopGateway = "ecommerce-gateway";

/** Whether the gateway has none of the shop's routes. */
const noShopRoutes = (mesh: Mesh) =>
    inGatewayRoutes(mesh, (all) => {
        const paths = Object.values(mesh.config.ecommerce.services).map(({ path }) => path);
        return !all.some(({ match }) => paths.includes(String(match?.["prefix"])));
    });

/** About requests that no route takes the filter is not asked: they get 404. */
const filterUnasked: CheckSet = { "request-filter": ["injection", "scripts", "bodies"] };

export const gateways: readonly Mutation[] = [
    {
        name: "gateway-selector",
        ids: ["C5"],
        description: "The Gateway of the shop selects pods that do not exist.",
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("Gateway", config, shopGateway), ({ spec }) => {
                spec.selector = { istio: "ingress" };
            }),
        traces: noShopRoutes,
        expectRed: union(shopRouteGone, canaryGone, sagaFromOutside, filterUnasked, notCounted, {
            "ecommerce-gateway": ["settings", "listener"],
            "ecommerce-https": ["certificate", "accepted", "refused"],
        }),
    },
    {
        name: "gateway-shop-removed",
        ids: ["C5"],
        description: "The Gateway of the shop is gone.",
        needs: ["ecommerce"],
        apply: (changes, { config }) => changes.remove(objects.shop("Gateway", config, shopGateway)),
        traces: noShopRoutes,
        expectRed: union(shopRouteGone, canaryGone, sagaFromOutside, filterUnasked, notCounted, {
            "ecommerce-gateway": ["settings", "listener"],
            "ecommerce-https": ["certificate", "accepted", "refused"],
            "ecommerce-infrastructure": ["objects"],
            ...otherObjects("routes"),
        }),
    },
    {
        name: "gateway-hosts",
        ids: ["C2", "C5"],
        description: "The Gateway of the shop admits fewer hosts than declared.",
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("Gateway", config, shopGateway), ({ spec }) => {
                for (const server of spec.servers as { hosts: string[] }[])
                    if (server.hosts.includes("*")) server.hosts = server.hosts.filter((host) => host !== "*");
            }),
        traces: (mesh) =>
            inGatewayRoutes(mesh, (all) => {
                const paths = Object.values(mesh.config.ecommerce.services).map(({ path }) => path);
                return !all.some(
                    ({ match, domains }) => paths.includes(String(match?.["prefix"])) && domains.includes("*"),
                );
            }),
        expectRed: union(gatewayTable, {
            "ecommerce-gateway": ["settings", "listener"],
            "ecommerce-routing": ["hosts"],
        }),
    },
    {
        name: "gateway-egov-removed",
        ids: ["E3"],
        description: "The Gateway of egov-hello is gone.",
        needs: ["egov"],
        apply: (changes) => changes.remove(objects.istio("Gateway", "istio-ingressgateway")),
        traces: (mesh) =>
            inGatewayRoutes(mesh, (all) => !all.some(({ match }) => match?.["prefix"] === mesh.config.egov.hello.path)),
        expectRed: union(helloFromOutside, gatewayTable, otherObjects("routes")),
    },
];
