import { strict as assert } from "node:assert";
import { join } from "node:path";
import type { Spec } from "../../verification/spec";
import { specs as allSpecs } from "../../verification/specs";
import { concernedByObjects, divide, quickLimit } from "../../verification/watch/concerned";
import { reloadSpecs } from "../../verification/watch/files";
import { fakeTarget, spec } from "./support";

const looksAt = (name: string, ...namespaces: string[]): Spec =>
    spec(name, { a: `E3 ${name}` }, async () => {}, {
        evidence: async () => ({
            objects: namespaces.map((namespace) => ({ apiVersion: "v1", kind: "Service", namespace })),
        }),
    });
const names = (specs: readonly Spec[]) => specs.map(({ name }) => name);
const changed = (namespace: string) => [{ kind: "VirtualService", namespace, name: "any" }];

describe("Verification, watch: which specs a change concerns", () => {
    const specs = [looksAt("shop", "ecommerce"), looksAt("hello", "egov-app", "egov-infra"), looksAt("whole mesh")];
    const concerned = async (namespace: string) =>
        names(await concernedByObjects(specs, changed(namespace), fakeTarget()));

    it("those that look at the object's namespace, and those that look at the whole mesh", async () => {
        assert.deepEqual(await concerned("egov-infra"), ["hello", "whole mesh"]);
        assert.deepEqual(await concerned("ecommerce"), ["shop", "whole mesh"]);
    });

    it("all of them, for the root namespace and for one that no spec names", async () => {
        assert.equal((await concerned("istio-system")).length, specs.length);
        assert.equal((await concerned("elsewhere")).length, specs.length);
    });

    it("one whose objects cannot be read is concerned, too", async () => {
        const lost = spec("lost", { a: "E3 lost" }, async () => {}, {
            evidence: () => Promise.reject(new Error("no pod")),
        });
        const found = await concernedByObjects([...specs, lost], changed("ecommerce"), fakeTarget());
        assert.deepEqual(names(found), ["shop", "whole mesh", "lost"]);
    });

    it("leaves out those that took long, and only those", () => {
        const lasted = new Map([
            ["shop", quickLimit + 1],
            ["hello", quickLimit],
        ]);
        const { quick, long } = divide(specs, lasted);
        assert.deepEqual([names(quick), names(long)], [["hello", "whole mesh"], ["shop"]]);
    });
});

describe("Verification, watch: edited files", function () {
    // A machine that is busy with other things takes its time to load the suite.
    this.timeout(60_000);
    const suite = join(__dirname, "..", "..", "verification");

    it("the specs are loaded anew, and those that a file takes part in are known", () => {
        const { specs, concerned } = reloadSpecs([join(suite, "specs", "egov", "route.ts")]);
        assert.deepEqual(names(specs), names(allSpecs));
        assert.notEqual(specs[0], allSpecs[0]);
        assert.deepEqual(names(concerned), ["egov-route"]);
    });

    it("a file that several specs share concerns all of these", () => {
        const concerned = names(reloadSpecs([join(suite, "specs", "support", "ejection.ts")]).concerned);
        for (const name of ["egov-circuit-breaker", "egov-gateway-server"]) assert.ok(concerned.includes(name), name);
        for (const name of ["egov-namespaces", "ecommerce-health"]) assert.ok(!concerned.includes(name), name);
    });
});
