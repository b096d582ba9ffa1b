import { strict as assert } from "node:assert";
import type { RouteRetries } from "../../../components/config/routes";
import { missing } from "../../verification/features";
import { routeDifferences } from "../../verification/specs/study/settings";
import { isPunctual } from "../../verification/specs/study/timing";
import { amplifiedRoutes, profilesWith, retries, routesWithPerTry } from "../../verification/specs/support/study";
import { config } from "./support";

const study = (values: object) => config({ study: { enabled: true, ...values } });

describe("Verification, the study: what its configuration declares", () => {
    const on = (...retryOn: NonNullable<RouteRetries["retryOn"]>): RouteRetries => ({ attempts: 2, retryOn });

    it("T11 a status is tried again as Envoy understands the conditions", () => {
        const statuses = (policy: RouteRetries) => [404, 409, 500, 503].filter((status) => retries(policy, status));
        assert.deepEqual(statuses(on("5xx")), [500, 503]);
        assert.deepEqual(statuses(on("gateway-error")), [503]);
        assert.deepEqual(statuses(on("retriable-4xx")), [409]);
        assert.deepEqual(statuses({ attempts: 2 }), []);
        assert.deepEqual(statuses({ attempts: 0, retryOn: ["5xx"] }), []);
    });
    it("T11 the route that both hops retry", () => {
        const names = amplifiedRoutes(study({})).map(({ edge, deep }) => [edge.name, deep.name]);
        assert.deepEqual(names, [["amplified", "amplified"]]);
        const edge = [{ name: "everyone", match: { prefix: "/" } }];
        assert.deepEqual(amplifiedRoutes(study({ simpleWeb: { routes: edge } })), []);
    });
    it("T8 T11 T12 T13 the experiments of the documents", () => {
        const names = (list: { name: string }[]) => list.map(({ name }) => name);
        assert.deepEqual(names(routesWithPerTry(study({}))), ["retries-per-try"]);
        assert.deepEqual(names(profilesWith(study({}), "connectionPool")), ["limited"]);
        assert.deepEqual(names(profilesWith(study({}), "outlierDetection")), ["ejecting"]);
        assert.deepEqual(names(profilesWith(study({}), "loadBalancer")), ["round-robin", "random", "least-request"]);
    });
    it("each missing experiment names the key that says so", () => {
        const plain = study({ catalog: { routes: [{ name: "everyone", match: { prefix: "/" } }] } });
        assert.match(missing(["study"], config())!, /study\.enabled/);
        assert.match(missing(["study-weights"], plain)!, /study\.catalog\.routes/);
        assert.match(missing(["study-mirrors"], plain)!, /study\.catalog\.routes/);
        assert.equal(missing(["study-pools", "study-ejections", "study-balancers"], study({})), undefined);
    });
});

describe("Verification, the study: time-outs and settings", () => {
    it("T10 punctual is neither early nor later than what the pod delays by as much", () => {
        assert.ok(isPunctual(505, 500, 510));
        assert.ok(isPunctual(640, 500, 600), "a busy machine holds both up");
        assert.ok(!isPunctual(470, 500, 510));
        assert.ok(!isPunctual(715, 500, 515));
    });
    it("T10 T11 names what differs in Envoy", () => {
        const declared = {
            name: "timeout",
            match: { prefix: "/", headers: {}, cookies: {} },
            timeout: "0.5s",
            retries: { attempts: 2, perTryTimeout: "300ms", retryOn: ["5xx" as const] },
        };
        const route = {
            timeout: "0.700s",
            retry_policy: { retry_on: "5xx", num_retries: 1, per_try_timeout: "0.300s" },
        };
        assert.deepEqual(routeDifferences({ route }, declared, undefined), [
            "timeout in ms 700 instead of 500",
            "attempts 1 instead of 2",
        ]);
        const codes = { codes: [408], backOff: "50ms" };
        assert.match(routeDifferences({ route }, declared, codes).join(), /retriable codes .* instead of 408/);
    });
});
