import { strict as assert } from "node:assert";
import {
    labelProblem,
    meshedNamespaces,
    wronglyConnected,
    wronglyInjected,
} from "../../verification/specs/support/revisions";
import type { Pod, ProxySync } from "../../verification/target/target";
import { config, pod } from "./support";

const moved = config({
    mesh: {
        revisions: [{ name: "default" }, { name: "canary" }],
        revisionTag: { revision: "canary", namespaces: { "egov-app": "default" } },
    },
});

const proxy = (namespace: string, injectedBy?: string): Pod => ({
    ...pod("a"),
    namespace,
    ...(injectedBy !== undefined && { injectedBy }),
});
const connection = (revision: string, namespace = "ecommerce"): ProxySync => ({
    proxy: `a.${namespace}`,
    revision,
    stale: [],
    sent: "",
    version: "1.29.1",
});

describe("Verification, revisions: who is on which (S9)", () => {
    it("looks at the namespaces with sidecars", () => {
        assert.deepEqual(meshedNamespaces(moved), ["egov-app", "egov-infra", "ecommerce"]);
    });
    it("a namespace has exactly the label of its revision or of the tag", () => {
        assert.equal(labelProblem(config(), "ecommerce", { "istio-injection": "enabled", team: "x" }), undefined);
        assert.equal(labelProblem(moved, "ecommerce", { "istio.io/rev": "stable" }), undefined);
        assert.equal(labelProblem(moved, "egov-app", { "istio.io/rev": "default" }), undefined);
        assert.match(labelProblem(moved, "ecommerce", { "istio.io/rev": "default" })!, /default instead of stable/);
        assert.match(labelProblem(moved, "ecommerce")!, /istio\.io\/rev=\(not set\) instead of stable/);
        // Istio lets the older label win over the other one.
        const both = { "istio-injection": "enabled", "istio.io/rev": "stable" };
        assert.match(labelProblem(moved, "ecommerce", both)!, /istio-injection=enabled instead of \(not set\)/);
    });
    it("a proxy was made by its declared revision; gateways follow the tag", () => {
        const right = [proxy("ecommerce", "canary"), proxy("egov-app", "default"), proxy("istio-system", "canary")];
        assert.deepEqual(wronglyInjected(moved, right), []);
        assert.deepEqual(wronglyInjected(moved, [proxy("istio-system", "default"), proxy("ecommerce")]), [
            "istio-system/a was injected by default instead of canary",
            "ecommerce/a was injected by nobody instead of canary",
        ]);
    });
    it("a proxy is connected to its declared revision alone", () => {
        const pods = [proxy("ecommerce", "canary")];
        const wrong = (...connections: ProxySync[]) => wronglyConnected(moved, pods, connections);
        assert.deepEqual(wrong(connection("canary"), connection("canary"), connection("default", "egov-app")), []);
        assert.deepEqual(wrong(), ["ecommerce/a is connected to nobody instead of canary"]);
        assert.deepEqual(wrong(connection("default")), ["ecommerce/a is connected to default instead of canary"]);
        assert.deepEqual(wrong(connection("canary"), connection("default")), [
            "ecommerce/a is connected to canary and default instead of canary",
        ]);
    });
});
