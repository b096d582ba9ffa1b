import { strict as assert } from "node:assert";
import { platform, type PlatformInput } from "../../../components/config/platform";
import { declaredPolicies } from "../../../components/security";
import { networkPolicySpec } from "../../../components/security/network-policy";

const partner = { host: "partner.example.com", port: 8443, through: "sidecar" as const };

const viaGateway = { ...partner, through: "gateway" as const };

/** The spec of each namespace's policy. */
function policies(values: Omit<Partial<PlatformInput>, "cluster"> = {}) {
    const config = platform.parse({ cluster: { kind: "embedded" }, study: { enabled: true }, ...values });
    return Object.fromEntries(
        declaredPolicies(config)
            .filter(({ pods }) => pods === undefined)
            .map((policy) => [policy.namespace, networkPolicySpec(policy)]),
    );
}

const namespace = (name: string) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } });
const gateway = { ...namespace("istio-system"), podSelector: { matchLabels: { istio: "ingressgateway" } } };
const tcp = (...ports: number[]) => ports.map((port) => ({ port, protocol: "TCP" }));

describe("Security: network policies", () => {
    it("S6 there is one for all pods of each namespace of the systems that are deployed", () => {
        assert.deepEqual(Object.keys(policies()), [
            "egov-app",
            "egov-infra",
            "ecommerce",
            "istioinaction",
            "istio-system",
        ]);
        assert.deepEqual(Object.keys(policies({ egov: { enabled: false }, study: {} })), ["ecommerce", "istio-system"]);
        for (const { podSelector } of Object.values(policies())) assert.deepEqual(podSelector, {});
    });

    it("S6 lets in the gateway where routes lead, and the declared callers, at the containers' ports", () => {
        const own = policies();
        assert.deepEqual(own["ecommerce"]!.ingress, [{ from: [gateway, namespace("ecommerce")], ports: tcp(5678) }]);
        assert.deepEqual(own["istioinaction"]!.ingress, [
            { from: [gateway, namespace("istioinaction")], ports: tcp(3000, 8080) },
        ]);
        assert.deepEqual(own["egov-app"]!.ingress[0], { from: [gateway, namespace("egov-infra")], ports: tcp(8080) });
    });

    it("S6 E1 lets in the monitoring at every port, and no gateway where no route leads", () => {
        assert.deepEqual(policies()["egov-infra"]!.ingress, [
            { from: [namespace("egov-app")], ports: tcp(9000) },
            { from: [namespace("egov-monitoring")] },
        ]);
    });

    it("S6 C7 services that do not call one another do not reach one another", () => {
        const { ecommerce } = policies({ ecommerce: { authorization: { calls: {} } } });
        assert.deepEqual(ecommerce!.ingress, [{ from: [gateway], ports: tcp(5678) }]);
    });

    it("S6 never has a rule without peers, which would let in everybody", () => {
        const rules = Object.values(policies()).flatMap(({ ingress }) => ingress);
        assert.ok(rules.every(({ from }) => from !== undefined && from.length > 0));
    });

    it("S6 P9 everybody reaches the control plane and the gateways, at the ports that are meant for it", () => {
        const config = platform.parse({
            cluster: { kind: "embedded" },
            mesh: { egress: { hosts: { partner: viaGateway } } },
        });
        const open = declaredPolicies(config).filter(({ pods }) => pods !== undefined);
        assert.deepEqual(
            open.map((policy) => [policy.namespace, policy.pods, networkPolicySpec(policy).ingress]),
            [
                ["istio-system", { istio: "pilot" }, [{ ports: tcp(15012, 15017) }]],
                ["istio-system", { istio: "ingressgateway" }, [{ ports: tcp(15021, 8080, 8443) }]],
                ["istio-system", { istio: "egressgateway" }, [{ ports: tcp(15021, 8080, 8443) }]],
            ],
        );
        assert.deepEqual(policies()["istio-system"]!.ingress, [
            { from: [namespace("istio-system"), namespace("egov-monitoring")] },
        ]);
    });

    it("S6 T7 the sample site stands for hosts that everybody reaches", () => {
        const { outside } = policies({ mesh: { outboundTrafficPolicy: "REGISTRY_ONLY", egress: { site: {} } } });
        assert.deepEqual(outside, { podSelector: {}, policyTypes: ["Ingress"], ingress: [{ ports: tcp(8080) }] });
    });

    it("S6 admits further namespaces, in both directions", () => {
        const networkPolicies = { admitted: { ecommerce: ["egov-infra"] } };
        const own = policies({ mesh: { networkPolicies, outboundTrafficPolicy: "REGISTRY_ONLY" } });
        assert.deepEqual(own["ecommerce"]!.ingress[0]!.from!.at(-1), namespace("egov-infra"));
        assert.deepEqual(own["egov-infra"]!.egress!.at(-1), { to: [namespace("ecommerce")], ports: tcp(5678) });
    });

    it("S6 leaves open what pods reach where hosts outside are not declared", () => {
        const { ecommerce } = policies();
        assert.deepEqual([ecommerce!.policyTypes, "egress" in ecommerce!], [["Ingress"], false]);
    });

    it("S6 P11 lets pods reach the DNS, the control plane, whom they call, and declared hosts at their ports", () => {
        const own = policies({
            mesh: { outboundTrafficPolicy: "REGISTRY_ONLY", egress: { hosts: { partner } } },
        });
        const { policyTypes, egress } = own["egov-infra"]!;
        assert.deepEqual(policyTypes, ["Ingress", "Egress"]);
        assert.deepEqual(egress, [
            {
                to: [{ ...namespace("kube-system"), podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
                ports: [{ port: 53, protocol: "UDP" }, ...tcp(53)],
            },
            { to: [namespace("istio-system")] },
            { to: [namespace("egov-app")], ports: tcp(8080) },
            { to: [{ ipBlock: { cidr: "0.0.0.0/0" } }], ports: tcp(8443) },
        ]);
    });

    it("S6 T7 a host of the sample site is reached at the site's own pods", () => {
        const supplier = { ...partner, host: "supplier.outside.svc.cluster.local", port: 80 };
        const own = policies({
            mesh: { outboundTrafficPolicy: "REGISTRY_ONLY", egress: { hosts: { supplier }, site: {} } },
        });
        assert.deepEqual(own["egov-app"]!.egress!.at(-1), { to: [namespace("outside")], ports: tcp(8080) });
    });
});
