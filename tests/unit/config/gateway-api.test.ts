import { strict as assert } from "node:assert";
import { validateConfig } from "../../../components/config/validate";
import { configOf } from "../../support/program";

/** The values of the end-to-end tests' stack with the Gateway API. */
const values = (): Values => structuredClone(configOf("tests/e2e/Pulumi.gateway-api.yaml")) as unknown as Values;

interface Values {
    mesh: { routing: string };
    egov: { hello: { path?: string; routes: unknown } };
    ecommerce: { routePolicy?: { retries: Record<string, unknown> }; tls?: unknown; canaries?: unknown };
    study?: { enabled: boolean };
}

/** The problems after a change. */
function problems(change: (values: Values) => void): string[] {
    const changed = values();
    change(changed);
    const result = validateConfig(changed);
    return result.ok ? [] : result.problems;
}

const route = (name: string, prefix: string, more: object = {}) => ({ name, match: { prefix }, ...more });

describe("Configuration: routes in the Gateway API (P12)", () => {
    it("accepts what an HTTPRoute can say", () =>
        assert.deepEqual(
            problems(() => undefined),
            [],
        ));

    it("asks nothing more of Istio's own routes", () =>
        assert.deepEqual(
            problems(({ mesh, study: _, ...rest }) => {
                mesh.routing = "istio";
                rest.egov.hello.routes = "documents";
                rest.ecommerce.tls = {};
            }),
            [],
        ));

    const cases: [what: string, change: (values: Values) => void, problem: RegExp][] = [
        [
            "the study's system",
            (changed) => (changed.study = { enabled: true }),
            /^istio-platform:study\.enabled: .*none of which an HTTPRoute can say/,
        ],
        [
            "faults",
            ({ egov }) => (egov.hello.routes = [route("abort", "/abort", { fault: { abort: { httpStatus: 500 } } })]),
            /^istio-platform:egov\.hello\.routes\.0\.fault: an HTTPRoute makes no faults/,
        ],
        [
            "the documents' conditions of retries",
            ({ ecommerce }) => (ecommerce.routePolicy!.retries["retryOn"] = ["5xx", "connect-failure"]),
            /^istio-platform:ecommerce\.routePolicy\.retries\.retryOn: an HTTPRoute retries on connect-failure, refused-stream, unavailable, cancelled, always/,
        ],
        [
            "a try that is given up",
            ({ ecommerce }) => (ecommerce.routePolicy!.retries["perTryTimeout"] = "10s"),
            /^istio-platform:ecommerce\.routePolicy\.retries\.perTryTimeout: .*ends the request, it is not repeated: set it to the route's timeout \(30s\)/,
        ],
        [
            "the oldest version of TLS",
            ({ ecommerce }) => (ecommerce.tls = {}),
            /^istio-platform:ecommerce\.tls: .*minimumVersion/,
        ],
        [
            "a path with an escaped slash",
            ({ egov }) => (egov.hello.path = "/a%2Fb"),
            /^istio-platform:egov\.hello\.path: an HTTPRoute does not accept the path \/a%2Fb/,
        ],
        [
            "an order that only Istio keeps",
            ({ egov }) =>
                (egov.hello.routes = [
                    route("group", "/deep", { match: { prefix: "/deep", headers: { "x-group": "a" } } }),
                    route("deeper", "/deep/below"),
                ]),
            /^istio-platform:egov\.hello\.routes\.1\.match: .*"deeper" would take requests that "group" before it is meant to take; put it first/,
        ],
        [
            "more rules than fit",
            ({ egov }) =>
                (egov.hello.routes = Array.from({ length: 16 }, (_, index) => route(`r${index}`, `/r${index}x`))),
            /^istio-platform:egov\.hello\.routes: with everything else of its service these are 17 rules, an HTTPRoute has 16 at most/,
        ],
    ];
    for (const [what, change, problem] of cases)
        it(`refuses ${what}, with the path and the reason`, () => {
            const found = problems(change);
            assert.equal(found.length, 1, found.join("\n"));
            assert.match(found[0]!, problem);
        });
});
