import { strict as assert } from "node:assert";
import { platform } from "../../../components/config/platform";
import {
    limitsConfigMap,
    rateLimitDeployment,
    rateLimitPolicies,
    rateLimitServices,
    redisDeployment,
} from "../../../components/security";
import { globalRateLimitSpec, LIMIT_DOMAIN, LIMIT_KEYS, limitsFile } from "../../../components/traffic";
import { limitDescriptors, rateLimitRedis, rateLimitService } from "../../verification/specs/support/names";

const configOf = (globalRateLimit: object) =>
    platform.parse({ cluster: { kind: "embedded" }, ecommerce: { globalRateLimit } }).ecommerce.globalRateLimit!;
const images = { rateLimit: "service:1", redis: "redis:1" };

/** The filter, as the gateway gets it. */
function filterOf(input: object) {
    const { path, header, timeout, failureMode } = configOf(input);
    const service = { name: "rate-limit", namespace: "istio-system", port: 8081 };
    const selector = { istio: "ingressgateway" };
    return globalRateLimitSpec({ selector, service, path, header, timeout, failureMode });
}

describe("Security: the global rate limit", () => {
    const config = configOf({});
    const environmentOf = (input: object) => {
        const [container] = rateLimitDeployment({ config: configOf(input), images }).spec.template.spec.containers;
        return Object.fromEntries(container!.env.map(({ name, value }) => [name, value]));
    };

    it("S7 gives each value of the header a budget, and those without it one together", () => {
        const file = JSON.parse(limitsFile(config)) as object;
        const budget = { rate_limit: { unit: "minute", requests_per_unit: 20 }, shadow_mode: false };
        assert.deepEqual(file, {
            domain: LIMIT_DOMAIN,
            descriptors: [
                {
                    key: "path",
                    value: "/api/v1/saga/report",
                    descriptors: [
                        { key: "client", ...budget },
                        { key: "unnamed", ...budget },
                    ],
                },
            ],
        });
    });

    it("S7 is asked by the gateway about the path, before the router, with what the limits are kept by", () => {
        const { workloadSelector, configPatches } = filterOf({});
        assert.deepEqual(workloadSelector, { labels: { istio: "ingressgateway" } });
        const [{ patch, match }] = configPatches as [(typeof configPatches)[0]];
        assert.deepEqual(
            [patch.operation, match.listener.filterChain.filter.subFilter.name],
            ["INSERT_BEFORE", "envoy.filters.http.router"],
        );
        const { domain, rate_limits: limits, timeout, failure_mode_deny: denies } = patch.value.typed_config;
        assert.deepEqual([domain, timeout, denies], [LIMIT_DOMAIN, "0.5s", false]);
        const onPath = {
            header_value_match: {
                descriptor_key: "path",
                descriptor_value: "/api/v1/saga/report",
                headers: [{ name: ":path", string_match: { prefix: "/api/v1/saga/report" } }],
            },
        };
        assert.deepEqual(limits, [
            { actions: [onPath, { request_headers: { header_name: "x-api-key", descriptor_key: "client" } }] },
            {
                actions: [
                    onPath,
                    {
                        header_value_match: {
                            descriptor_key: "unnamed",
                            descriptor_value: "true",
                            headers: [{ name: "x-api-key", present_match: false }],
                        },
                    },
                ],
            },
        ]);
    });

    it("S7 does what is declared with requests that nobody could count", () => {
        const [{ patch }] = filterOf({ failureMode: "deny", timeout: "2s" }).configPatches as [
            ReturnType<typeof filterOf>["configPatches"][0],
        ];
        const { failure_mode_deny: denies, timeout, status_on_error: status } = patch.value.typed_config;
        assert.deepEqual([denies, timeout, status], [true, "2s", { code: 503 }]);
    });

    it("S7 is found where the gateway asks, and Redis where the service counts", () => {
        const [service, redis] = rateLimitServices();
        const [{ patch }] = filterOf({}).configPatches as [ReturnType<typeof filterOf>["configPatches"][0]];
        const { cluster_name: cluster } = patch.value.typed_config.rate_limit_service.grpc_service.envoy_grpc;
        const host = ({ name, namespace }: { name: string; namespace: string }) =>
            `${name}.${namespace}.svc.cluster.local`;
        assert.equal(cluster, `outbound|${service.spec.ports[0]!.port}||${host(service.metadata)}`);
        assert.equal(environmentOf({})["REDIS_URL"], `${host(redis.metadata)}:${redis.spec.ports[0]!.port}`);
        assert.equal(environmentOf({})["GRPC_PORT"], String(service.spec.ports[0]!.port));
        for (const { metadata } of [service, redis])
            assert.equal(metadata.annotations["networking.istio.io/exportTo"], ".");
    });

    it("S7 reads the limits where the pod has them, and gets another pod for others", () => {
        const { template } = rateLimitDeployment({ config, images }).spec;
        const { RUNTIME_ROOT: root, RUNTIME_SUBDIRECTORY: folder } = environmentOf({});
        const [container] = template.spec.containers;
        assert.deepEqual(container!.volumeMounts[0]!.mountPath, `${root}/${folder}/config`);
        assert.equal(template.spec.volumes[0]!.configMap.name, limitsConfigMap({ config }).metadata.name);
        const digest = (input: object) =>
            rateLimitDeployment({ config: configOf(input), images }).spec.template.metadata.annotations;
        assert.notDeepEqual(digest({}), digest({ requests: 21 }));
        assert.deepEqual(digest({}), digest({ timeout: "1s" }));
    });

    it("S7 S4 the gateway alone asks, and the service alone counts", () => {
        const { "allow-rate-limit": service, "allow-rate-limit-redis": redis } = rateLimitPolicies();
        assert.deepEqual(
            [service!.app, service!.rules],
            ["rate-limit", [{ from: [{ namespace: "istio-system", account: "istio-ingressgateway" }] }]],
        );
        assert.deepEqual(
            [redis!.app, redis!.rules],
            ["rate-limit-redis", [{ from: [{ namespace: "istio-system", account: "rate-limit" }] }]],
        );
        assert.equal(rateLimitDeployment({ config, images }).spec.template.spec.serviceAccountName, "rate-limit");
    });

    it("S7 never has two Redis between which the counts would be shared out", () => {
        const { replicas, strategy, template } = redisDeployment({ config, images }).spec;
        assert.deepEqual([replicas, strategy], [1, { type: "Recreate" }]);
        assert.equal(template.spec.containers[0]!.image, "redis:1");
        assert.equal(rateLimitDeployment({ config: configOf({ replicas: 3 }), images }).spec.replicas, 3);
    });

    it("S7 is looked for by the suite under the names that it has", () => {
        assert.deepEqual(limitDescriptors, { domain: LIMIT_DOMAIN, ...LIMIT_KEYS });
        const [service, redis] = rateLimitServices();
        assert.deepEqual([service.metadata.name, redis.metadata.name], [rateLimitService, rateLimitRedis]);
    });

    it("S7 is not there unless it is wanted", () => {
        const none = platform.parse({ cluster: { kind: "embedded" } }).ecommerce;
        assert.equal(none.globalRateLimit, undefined);
    });
});
