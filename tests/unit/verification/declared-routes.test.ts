import { strict as assert } from "node:assert";
import { binomialPower } from "../../verification/statistics/binomial";
import { deviating, falseAlarm, power, sampleSize } from "../../verification/statistics/sample-size";
import {
    headersFor,
    kinds,
    routesOf,
    routeTaken,
    type RouteKind,
} from "../../verification/specs/support/declared-routes";
import { config } from "./support";

const local = config({
    egov: { hello: { routes: "documents" } },
    ecommerce: { canaries: { "order-api": {} } },
});
const names = (system: "egov" | "ecommerce", kind: RouteKind) =>
    routesOf(local, system)
        .filter(kinds[kind])
        .map(({ name }) => name);

describe("Verification, declared routes", () => {
    it("each of the guide's routes is of the kinds that it shows", () => {
        assert.deepEqual(names("egov", "weights"), ["egov-hello/weights", "egov-hello/canary"]);
        assert.deepEqual(names("egov", "mirrors"), ["egov-hello/mirror"]);
        assert.deepEqual(names("egov", "faults"), ["egov-hello/delay", "egov-hello/abort", "egov-hello/mixed-faults"]);
        assert.deepEqual(names("egov", "matches"), []);
    });

    it("a canary has its groups and its shares", () => {
        assert.deepEqual(names("ecommerce", "matches"), [
            "order-api/x-version",
            "order-api/canary-header",
            "order-api/canary-cookie",
        ]);
        assert.deepEqual(names("ecommerce", "weights"), ["order-api/canary"]);
    });

    it("what is not deployed declares nothing", () => {
        assert.deepEqual(routesOf(config({ egov: { enabled: false } }), "egov"), []);
        assert.deepEqual(routesOf(config({ ecommerce: { enabled: false } }), "ecommerce"), []);
        assert.deepEqual(routesOf(config(), "egov"), []);
    });

    it("a request takes the first route whose path, headers and cookies fit", () => {
        const routes = routesOf(local, "ecommerce");
        const taken = (headers: Record<string, string>, path = "/api/v1/orders/1") =>
            routeTaken(routes, { path, headers })?.name;
        assert.equal(taken({ "x-version": "v2" }), "order-api/x-version");
        assert.equal(taken({ "x-version": "v3" }), "order-api/canary");
        assert.equal(taken({ cookie: "a=1; canary=true" }), "order-api/canary-cookie");
        assert.equal(taken({ cookie: "xcanary=true" }), "order-api/canary");
        assert.equal(taken({}, "/api/v1/products"), undefined);
    });

    it("a request that fulfils a match carries its headers and its cookie", () => {
        assert.deepEqual(headersFor({ headers: { a: "1" }, cookies: { b: "2" } }), { a: "1", cookie: "b=2" });
        assert.deepEqual(headersFor({ headers: {}, cookies: {} }), {});
    });

    it("the sample notices a share that is off by ten percentage points", () => {
        for (const share of [0.1, 0.2]) {
            const count = sampleSize({ share, truth: deviating(share) });
            assert.ok(binomialPower(count, share, share + 0.1, falseAlarm) >= power, String(share));
        }
        assert.deepEqual([0, 0.5, 1].map(deviating), [0.05, 0.4, 0.95]);
    });
});
