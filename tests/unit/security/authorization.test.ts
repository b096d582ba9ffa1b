import { strict as assert } from "node:assert";
import { authorization } from "../../../components/config/security";
import { authorizationPolicySpec, servicePolicies } from "../../../components/security";

const gateway = "cluster.local/ns/istio-system/sa/istio-ingressgateway";
const account = (name: string) => `cluster.local/ns/shop/sa/${name}`;

describe("Security: who may call the services", () => {
    const { calls } = authorization.parse({});
    const services = ["customer-api", "order-api", "payment-api", "saga-tracker"];
    const { allow, denyAll } = servicePolicies({ namespace: "shop", services, calls });
    const principals = (service: string) => {
        const { rules } = authorizationPolicySpec(allow[`allow-${service}`]!);
        return rules!.flatMap(({ from }) => from!.flatMap(({ source }) => source.principals));
    };

    it("C7 order calls customer, payment calls order, saga calls all; the gateway calls everybody", () => {
        assert.deepEqual(principals("customer-api"), [gateway, account("order-api"), account("saga-tracker")]);
        assert.deepEqual(principals("order-api"), [gateway, account("payment-api"), account("saga-tracker")]);
        assert.deepEqual(principals("payment-api"), [gateway, account("saga-tracker")]);
        assert.deepEqual(principals("saga-tracker"), [gateway, account("saga-tracker")]);
    });

    it("S4 each policy is for the pods of its service", () => {
        const { selector, action } = authorizationPolicySpec(allow["allow-order-api"]!);
        assert.deepEqual([selector, action], [{ matchLabels: { app: "order-api" } }, "ALLOW"]);
    });

    it("S4 the default is an empty policy, which allows nothing in its namespace", () => {
        assert.deepEqual([denyAll.namespace, authorizationPolicySpec(denyAll)], ["shop", {}]);
    });
});
