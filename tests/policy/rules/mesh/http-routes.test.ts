import { UNKNOWN } from "../../../../policy/model/unknown";
import { accepts, catches } from "../../cases";
import type { GoodMesh, Manifest } from "../../good-mesh";

const id = "HTTPRoute/ecommerce/orders";

/** Adds an HTTPRoute to order-api, and gives its only rule. */
function rule(mesh: GoodMesh): Manifest {
    mesh.add(
        "{ apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: { name: orders, namespace: ecommerce }, spec: { rules: [{ backendRefs: [{ name: order-api, port: 8080 }] }] } }",
    );
    return [...mesh.objects.values()].at(-1).spec.rules[0];
}

describe("policy: http-route-backend (P12)", () => {
    catches([
        {
            title: "a Service that is not there",
            change: (mesh) => (rule(mesh).backendRefs[0].name = "oder-api"),
            found: [`http-route-backend ${id} spec.rules[0].backendRefs[0].name`],
            says: [
                "no Service oder-api.ecommerce.svc.cluster.local",
                "order-api.ecommerce.svc.cluster.local comes closest",
            ],
        },
        {
            title: "a Service of another namespace without saying so",
            change: (mesh) => (rule(mesh).backendRefs[0].name = "egov-hello"),
            found: [`http-route-backend ${id} spec.rules[0].backendRefs[0].name`],
        },
        {
            title: "a port that the Service does not have",
            change: (mesh) => (rule(mesh).backendRefs[0].port = 5678),
            found: [`http-route-backend ${id} spec.rules[0].backendRefs[0].port`],
            says: ["has no port 5678", "write 8080"],
        },
        {
            title: "a mirror to nowhere",
            change: (mesh) => {
                const backendRef = { name: "shadow", port: 80 };
                rule(mesh).filters = [{ type: "RequestMirror", requestMirror: { backendRef } }];
            },
            found: [`http-route-backend ${id} spec.rules[0].filters[0].requestMirror.backendRef.name`],
        },
    ]);
    accepts([
        { title: "the Service and its port", change: (mesh) => rule(mesh) },
        {
            title: "a Service of the namespace that is named",
            change: (mesh) => {
                rule(mesh).backendRefs = [{ name: "egov-hello", namespace: "egov-app", port: 80 }];
                mesh.add(`
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: shop, namespace: egov-app }
spec:
    from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: ecommerce }]
    to: [{ group: "", kind: Service }]`);
            },
        },
        { title: "a name that is not known yet", change: (mesh) => (rule(mesh).backendRefs[0].name = UNKNOWN) },
        { title: "a port that is not known yet", change: (mesh) => (rule(mesh).backendRefs[0].port = UNKNOWN) },
        { title: "backends that are not known yet", change: (mesh) => (rule(mesh).backendRefs = UNKNOWN) },
        {
            title: "a backend of another kind",
            change: (mesh) => (rule(mesh).backendRefs = [{ kind: "InferencePool", name: "models" }]),
        },
        {
            title: "a rule that redirects",
            change: (mesh) => {
                const one = rule(mesh);
                one.backendRefs = undefined;
                one.filters = [{ type: "RequestRedirect", requestRedirect: { scheme: "https" } }];
            },
        },
    ]);
});
