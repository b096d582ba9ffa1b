import { strict as assert } from "node:assert";
import { canary as canaryConfig } from "../../../components/config/canary";
import { canary, httpRouteSpec, type Subset } from "../../../components/traffic";

const service = { name: "order-api", namespace: "ecommerce", port: 8080 };
const stable: Subset = { service, name: "stable" };
const candidate: Subset = { service, name: "candidate" };
const { weights, groups } = canaryConfig.parse({});
const release = { prefix: "/api/v1/orders", stable, candidate, weights, groups, timeout: "30s" };

describe("Traffic: canary", () => {
    const rules = canary(release).map(httpRouteSpec);

    it("C9 C10 the groups come first, everybody last", () => {
        assert.deepEqual(
            rules.map(({ name }) => name),
            ["x-version", "canary-header", "canary-cookie", "canary"],
        );
    });

    it("C9 header x-version: v2 leads to the candidate alone, with the route's time-out", () => {
        const [rule] = rules;
        assert.deepEqual(rule!.match, [
            { uri: { prefix: "/api/v1/orders" }, headers: { "x-version": { exact: "v2" } } },
        ]);
        assert.deepEqual(
            rule!.route.map(({ destination }) => destination.subset),
            ["candidate"],
        );
        assert.equal(rule!.timeout, "30s");
    });

    it("C10 a cookie is found among others, and only as a whole", () => {
        const [match] = rules[2]!.match as { headers: { cookie: { regex: string } } }[];
        const pattern = new RegExp(`^${match!.headers.cookie.regex}$`);
        for (const header of ["canary=true", "a=1; canary=true", "canary=true; b=2"]) assert.match(header, pattern);
        for (const header of ["canary=truely", "xcanary=true", "a=canary=true", "canary=false"])
            assert.doesNotMatch(header, pattern);
    });

    it("C9 everybody else is shared 90/10", () => {
        assert.deepEqual(
            rules[3]!.route.map((part) => [part.destination.subset, "weight" in part && part.weight]),
            [
                ["stable", 90],
                ["candidate", 10],
            ],
        );
    });

    it("without groups there is one rule", () => {
        assert.equal(canary({ ...release, groups: {} }).length, 1);
    });

    it("refuses weights that are not 100 together", () => {
        assert.throws(() => canary({ ...release, weights: { stable: 90, candidate: 20 } }), /add up to 110/);
    });
});
