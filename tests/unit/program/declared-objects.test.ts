import { strict as assert } from "node:assert";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { declaredObjects } from "../../../components/verification/declared-objects";

describe("Verification hook: the declared objects", () => {
    before(() =>
        pulumi.runtime.setMocks({
            newResource: ({ type, name, inputs }) => ({ id: `${type}/${name}`, state: inputs as object }),
            call: ({ inputs }) => inputs as object,
        }),
    );

    const resolved = <T>(output: pulumi.Output<T>): Promise<T> =>
        new Promise((resolve) => void output.apply((value) => resolve(value)));

    it("are the custom resources and NetworkPolicies, as the program registered them", async () => {
        const metadata = { name: "tokens", namespace: "istio-system" };
        const keys = pulumi.secret("{}");
        const objects = await resolved(
            declaredObjects([
                new k8s.core.v1.Namespace("shop", { metadata: { name: "shop" } }),
                new k8s.apiextensions.CustomResource("tokens", {
                    ...{ apiVersion: "security.istio.io/v1", kind: "RequestAuthentication", metadata },
                    spec: { jwtRules: [{ jwks: keys }] },
                }),
                new k8s.apiextensions.CustomResource("nothing", {
                    ...{ apiVersion: "security.istio.io/v1", kind: "AuthorizationPolicy" },
                    metadata: { ...metadata, annotations: { a: "b" } },
                }),
                new k8s.networking.v1.NetworkPolicy("closed", {
                    metadata: { name: "closed", namespace: "shop" },
                    spec: { podSelector: {} },
                }),
            ]),
        );
        assert.deepEqual(objects, [
            {
                ...{ apiVersion: "security.istio.io/v1", kind: "RequestAuthentication", metadata },
                spec: { jwtRules: [{ jwks: "{}" }] },
            },
            {
                ...{ apiVersion: "security.istio.io/v1", kind: "AuthorizationPolicy" },
                metadata: { ...metadata, annotations: { a: "b" } },
                spec: {},
            },
            {
                ...{ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" },
                metadata: { name: "closed", namespace: "shop" },
                spec: { podSelector: {} },
            },
        ]);
    });

    it("are, of the control plane's settings, the ConfigMaps and the registrations of webhooks", async () => {
        const map = new k8s.core.v1.ConfigMap("istio", {
            metadata: { name: "istio", namespace: "istio-system" },
            data: { mesh: "a: b" },
        });
        const webhooks = [{ name: "a.istio.io", failurePolicy: "Fail" }] as never;
        const objects = await resolved(
            declaredObjects(
                [map],
                [
                    map,
                    new k8s.admissionregistration.v1.MutatingWebhookConfiguration("injector", {
                        metadata: { name: "injector" },
                        webhooks,
                    }),
                    new k8s.core.v1.ServiceAccount("istiod"),
                ],
            ),
        );
        assert.deepEqual(
            objects.map(({ kind, metadata: { namespace, name }, spec }) => [kind, namespace, name, spec]),
            [
                ["ConfigMap", "istio-system", "istio", { data: { mesh: "a: b" } }],
                ["MutatingWebhookConfiguration", "", "injector", { webhooks }],
            ],
        );
    });
});
