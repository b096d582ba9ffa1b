import { strict as assert } from "node:assert";
import { parseAdmitted } from "../../verification/specs/support/admitted";

const identity = (account: string) => ({
    authenticated: { principal_name: { exact: `spiffe://cluster.local/ns/istio-system/sa/${account}` } },
});

/** The rules of Istio's filter, in one policy for each list of principals. */
const rules = (...policies: object[][]) => ({
    policies: Object.fromEntries(policies.map((principals, index) => [`policy-${index}`, { principals }])),
});
const network = (own: object) => ({ name: "envoy.filters.network.rbac", typed_config: { rules: own } });
const http = (own: object) => ({
    name: "envoy.filters.network.http_connection_manager",
    typed_config: { http_filters: [{ name: "envoy.filters.http.rbac", typed_config: { rules: own } }] },
});

/** Envoy's dump of the listener for what comes in. */
const dump = (...chains: { port?: number; filters: object[] }[]) =>
    JSON.stringify({
        configs: [
            {
                active_state: {
                    listener: {
                        filter_chains: chains.map(({ port, filters }) => ({
                            filter_chain_match: port === undefined ? {} : { destination_port: port },
                            filters,
                        })),
                    },
                },
            },
        ],
    });

describe("Verification, specs: whom a sidecar lets in", () => {
    const grouped = [{ and_ids: { ids: [{ or_ids: { ids: [identity("a"), identity("b")] } }] } }];

    it("S4 names the identities of each way in, HTTP or not, and leaves the sidecar's own port out", () => {
        const text = dump(
            { port: 15006, filters: [{ name: "envoy.filters.network.tcp_proxy" }] },
            { port: 8081, filters: [http(rules(grouped))] },
            { filters: [network(rules([identity("a")]))] },
        );
        const [a, b] = ["a", "b"].map((account) => `spiffe://cluster.local/ns/istio-system/sa/${account}`);
        assert.deepEqual(parseAdmitted(text), [`${a}, ${b}`, a]);
    });

    it("S4 sees a further policy, a condition that is no identity, and a way in without any", () => {
        const namespace = { authenticated: { principal_name: { safe_regex: { regex: ".*" } } } };
        assert.match(
            parseAdmitted(dump({ filters: [network(rules([identity("a")], [namespace]))] }))[0]!,
            /\/a, .*regex/,
        );
        assert.match(parseAdmitted(dump({ filters: [network(rules([{ any: true }]))] }))[0]!, /any/);
        assert.deepEqual(parseAdmitted(dump({ filters: [{ name: "envoy.filters.network.tcp_proxy" }] })), ["anybody"]);
        const deny = { action: "DENY", ...rules([identity("a")]) };
        assert.deepEqual(parseAdmitted(dump({ filters: [network(deny)] })), ["anybody"]);
    });

    it("S4 finds nothing where there is no listener", () => {
        assert.deepEqual(parseAdmitted("{}"), []);
    });
});
