import { strict as assert } from "node:assert";
import { gatewayRateLimitSpec } from "../../../components/traffic";

describe("Traffic: the rate limit of a gateway", () => {
    const limit = { selector: { istio: "ingressgateway" }, path: "/api/v1/saga/export", requests: 10, per: "5s" };
    const { workloadSelector, configPatches } = gatewayRateLimitSpec(limit);
    const { typed_config: filter } = configPatches[0]!.patch.value;

    it("S7 is that of the path: as many requests at once, and in every interval", () => {
        assert.deepEqual(workloadSelector, { labels: { istio: "ingressgateway" } });
        const [descriptor] = filter.descriptors;
        assert.deepEqual(descriptor!.token_bucket, { max_tokens: 10, tokens_per_fill: 10, fill_interval: "5s" });
        const [{ header_value_match: match }] = filter.rate_limits[0]!.actions as [
            (typeof filter.rate_limits)[0]["actions"][0],
        ];
        assert.deepEqual(match.headers, [{ name: ":path", string_match: { prefix: "/api/v1/saga/export" } }]);
        assert.deepEqual(descriptor!.entries, [{ key: match.descriptor_key, value: match.descriptor_value }]);
    });

    it("S7 has its interval in seconds, the only unit that Envoy reads", () => {
        const { value } = gatewayRateLimitSpec({ ...limit, per: "5m" }).configPatches[0]!.patch;
        assert.equal(value.typed_config.descriptors[0]!.token_bucket.fill_interval, "300s");
    });

    it("S7 takes nothing from what other requests may use", () => {
        assert.equal(filter.always_consume_default_token_bucket, false);
        assert.equal(filter.token_bucket.max_tokens, 2 ** 32 - 1);
    });
});
