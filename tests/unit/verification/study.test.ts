import { strict as assert } from "node:assert";
import type { RouteRetries } from "../../../components/config/routes";
import { missing } from "../../verification/features";
import { routeDifferences } from "../../verification/specs/study/settings";
import { isPunctual } from "../../verification/specs/study/timing";
import {
    amplifiedRoutes,
    distributedProfiles,
    failoverProfiles,
    profilesForAllZones,
    profilesWith,
    retries,
    routesWithPerTry,
} from "../../verification/specs/support/study";
import { declaredZones, parseZones, zoneDifferences } from "../../verification/specs/support/zones";
import type { Pod } from "../../verification/target/target";
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
    it("T8 T9 T11 T12 T13 the experiments of the documents", () => {
        const names = (list: { name: string }[]) => list.map(({ name }) => name);
        assert.deepEqual(names(routesWithPerTry(study({}))), ["retries-per-try"]);
        assert.deepEqual(names(profilesWith(study({}), "connectionPool")), ["limited"]);
        assert.deepEqual(names(profilesWith(study({}), "outlierDetection")), ["ejecting", "own-zone"]);
        assert.deepEqual(names(profilesForAllZones(study({}), "outlierDetection")), ["ejecting"]);
        assert.deepEqual(names(profilesWith(study({}), "loadBalancer")), ["round-robin", "random", "least-request"]);
        assert.deepEqual(names(failoverProfiles(study({}))), ["own-zone"]);
        assert.deepEqual(
            distributedProfiles(study({})).map(({ name, shares }) => [name, Object.values(shares)]),
            [["both-zones", [70, 30]]],
        );
    });
    it("each missing experiment names the key that says so", () => {
        const plain = study({ catalog: { routes: [{ name: "everyone", match: { prefix: "/" } }] } });
        assert.match(missing(["study"], config())!, /study\.enabled/);
        assert.match(missing(["study-weights"], plain)!, /study\.catalog\.routes/);
        assert.match(missing(["study-mirrors"], plain)!, /study\.catalog\.routes/);
        assert.equal(missing(["study-pools", "study-ejections", "study-balancers"], study({})), undefined);
        assert.equal(missing(["study-failover", "study-distribution", "study-placed"], study({})), undefined);
        assert.match(missing(["study-placed"], study({ simpleBackend: { versions: { v1: {} } } }))!, /has no zone/);
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

describe("Verification, the study: zones", () => {
    const pods = [pod("simple-backend-1", "v1", "10.0.0.1"), pod("simple-backend-2", "v2", "10.0.0.2")];
    const cluster = "outbound|80|both-zones|simple-backend.istioinaction.svc.cluster.local";
    const group = (zone: string, address: string, more: object = {}) => ({
        locality: { region: "us-west1", zone },
        lb_endpoints: [{ endpoint: { address: { socket_address: { address } } } }],
        ...more,
    });
    const dump = (...endpoints: object[]) =>
        JSON.stringify({ configs: [{ endpoint_config: { cluster_name: cluster, endpoints } }] });
    const declared = (name: string) => {
        const settings = study({});
        const profile = profilesWith(settings, "locality").find((one) => one.name === name)!;
        return declaredZones(settings, profile, pods);
    };

    it("T9 own zone first, then the next one of the region", () => {
        const seen = parseZones(
            dump(
                group("us-west1-a", "10.0.0.1"),
                group("us-west1-b", "10.0.0.2", { priority: 1, load_balancing_weight: 2 }),
            ),
            cluster,
        );
        assert.deepEqual(zoneDifferences(declared("own-zone"), seen, pods), []);
        const swapped = new Map([...seen].map(([ip, one]) => [ip, { ...one, priority: 1 - one.priority }]));
        assert.deepEqual(zoneDifferences(declared("own-zone"), swapped, pods), [
            "simple-backend-1: zone us-west1/us-west1-a, priority 1 instead of zone us-west1/us-west1-a, priority 0",
            "simple-backend-2: zone us-west1/us-west1-b, priority 0 instead of zone us-west1/us-west1-b, priority 1",
        ]);
    });
    it("T9 shares, and a pod that is in no declared zone", () => {
        const a = group("us-west1-a", "10.0.0.1", { load_balancing_weight: 70 });
        const b = group("us-west1-b", "10.0.0.2", { load_balancing_weight: 30 });
        const differences = (...groups: object[]) =>
            zoneDifferences(declared("both-zones"), parseZones(dump(...groups), cluster), pods);
        assert.deepEqual(differences(a, b), []);
        assert.deepEqual(differences(a, { ...b, load_balancing_weight: 31 }), [
            "simple-backend-2: zone us-west1/us-west1-b, priority 0, share 31 instead of zone us-west1/us-west1-b, priority 0, share 30",
        ]);
        assert.match(differences(b).join(), /^simple-backend-1: no requests instead of/);
    });
});

function pod(name: string, version: string, ip: string): Pod {
    return { namespace: "istioinaction", name, ip, labels: { version }, phase: "Running", containers: [] };
}
