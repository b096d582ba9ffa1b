import { defineSpec } from "../../spec";
import { fail } from "../support/answers";
import { objectDifferences, type ObjectKind } from "../support/declared-objects";
import { gatewayApi, istio, networking, security } from "../support/names";

/** The kinds of objects that change what the mesh does, by the check that looks at them. */
const kinds = {
    authorization: [security.authorizationPolicy],
    authentication: [security.peerAuthentication, security.requestAuthentication],
    proxies: [
        istio.envoyFilter,
        istio.sidecar,
        istio.proxyConfig,
        { apiVersion: "extensions.istio.io/v1alpha1", kind: "WasmPlugin" },
        { apiVersion: "telemetry.istio.io/v1", kind: "Telemetry" },
    ],
    routes: [
        { ...istio.virtualService, compared: "names" },
        { ...istio.destinationRule, compared: "names" },
        { ...istio.gateway, compared: "names" },
        { ...gatewayApi.gateway, compared: "names" },
        { ...gatewayApi.route, compared: "names" },
        { ...gatewayApi.gateway, kind: "GRPCRoute" },
        istio.serviceEntry,
        { apiVersion: "networking.istio.io/v1", kind: "WorkloadEntry" },
        { apiVersion: "networking.istio.io/v1", kind: "WorkloadGroup" },
    ],
    networkPolicies: [networking.networkPolicy],
} as const satisfies Record<string, readonly ObjectKind[]>;
type Part = keyof typeof kinds;

/**
 * What hardly a request notices: a policy that refuses one client, an EnvoyFilter on one path. Whatever can tell the proxies
 * or the pod network what to do is declared by the program, in the whole cluster.
 */
export const declaredObjects = defineSpec({
    name: "declared-objects",
    description:
        "The cluster has exactly the objects of Istio, of the Gateway API and of the pod network that the program has registered, those about security with exactly their content: nobody has added, changed or removed one.",
    needs: [],
    locks: () => [],
    checks: {
        authorization: {
            ids: ["S4"],
            title: "S4 declared objects: the AuthorizationPolicies are the declared ones, field by field",
        },
        authentication: {
            ids: ["S3", "S5"],
            title: "S3 S5 declared objects: PeerAuthentications and RequestAuthentications are the declared ones, field by field",
        },
        proxies: {
            ids: ["T14"],
            title: "T14 declared objects: what changes single proxies (EnvoyFilter, Sidecar, Telemetry ...) is declared, field by field",
        },
        routes: {
            ids: ["C2", "E3"],
            title: "C2 E3 declared objects: there is no route, rule, gateway or host that nobody declares, and none is missing",
        },
        networkPolicies: {
            ids: ["S6"],
            title: "S6 declared objects: the NetworkPolicies are the declared ones, field by field",
        },
    },
    evidence: async () => ({
        objects: Object.values(kinds)
            .flat()
            .map(({ apiVersion, kind }) => ({ apiVersion, kind, namespace: "" })),
    }),
    async run({ target, check, all }) {
        await all(
            ...(Object.keys(kinds) as Part[]).map(
                (part) => () =>
                    check(part, async () => {
                        const own: readonly ObjectKind[] = kinds[part];
                        const found = await Promise.all(
                            own.map(async (kind) => {
                                const objects = await target.kubernetes.objects({ ...kind, namespace: "" });
                                return objectDifferences(kind, objects, target.objects);
                            }),
                        );
                        if (found.flat().length === 0) return;
                        fail({
                            expected: "exactly the objects that the program has registered",
                            seen: found.flat().join("; "),
                            cause: "somebody has added, changed or removed an object by hand, or another program has",
                            action: `kubectl get ${own.map(({ kind }) => kind.toLowerCase()).join(",")} -A; remove what is not declared, or declare it; npm start puts the rest right (pulumi up --refresh)`,
                        });
                    }),
            ),
        );
    },
});
