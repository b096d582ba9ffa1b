import { strict as assert } from "node:assert";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { startForwarder } from "../../../cli/dashboard/forwarder";
import { viewerToken } from "../../../cli/dashboard/token";
import { publicUrls, publishedTools } from "../../../components/config/monitoring/access";
import { platform } from "../../../components/config/platform";
import { toolRoutes } from "../../../components/monitoring/access";
import { claimPolicySpec, missingTokenSpec } from "../../../components/security";
import { httpRouteSpec } from "../../../components/traffic";

const configOf = (monitoring: object, others: object = {}) =>
    platform.parse({ cluster: { kind: "embedded" }, monitoring: { enabled: true, ...monitoring }, ...others });
const problems = (monitoring: object, others: object = {}) => {
    const { error } = platform.safeParse({
        cluster: { kind: "embedded" },
        monitoring: { enabled: true, access: {}, ...monitoring },
        ...others,
    });
    return (error?.issues ?? []).map(({ path }) => path.join("."));
};

describe("Monitoring: one domain", () => {
    it("S1 has the tools that are deployed, and those that others deploy", () => {
        const names = (monitoring: object) => publishedTools(configOf(monitoring)).map(({ path }) => path);
        assert.deepEqual(names({}), []);
        assert.deepEqual(names({ access: {} }), ["/prometheus", "/alertmanager"]);
        const others = { logs: { service: "log-browser", port: 80 } };
        assert.deepEqual(names({ access: { others }, tracing: {} }), [
            ...["/prometheus", "/alertmanager", "/jaeger", "/logs"],
        ]);
        assert.equal(
            publicUrls(configOf({ access: {} }))["prometheus"],
            "http://monitoring.buildingbite.com/prometheus",
        );
    });

    it("S1 gives no tool the token; those that know no path get theirs without it", () => {
        const [prometheus, , jaeger] = toolRoutes(configOf({ access: {}, tracing: {} })).map(httpRouteSpec);
        assert.deepEqual(prometheus!.headers, { request: { remove: ["authorization"] } });
        assert.deepEqual(prometheus!.rewrite, { uriRegexRewrite: { match: "^/prometheus(/|$)", rewrite: "/" } });
        assert.deepEqual([jaeger!.match[0]!.uri, jaeger!.rewrite], [{ prefix: "/jaeger" }, undefined]);
        const cut = (path: string) => path.replace(new RegExp(prometheus!.rewrite!.uriRegexRewrite.match), "/");
        assert.deepEqual(["/prometheus", "/prometheus/graph", "/prometheusx"].map(cut), [
            "/",
            "/graph",
            "/prometheusx",
        ]);
    });

    it("S1 refuses tokens without the claim, and those of other issuers", () => {
        const args = {
            ...{ name: "n", selector: {}, issuer: "https://i", audience: "a", keys: { jwks: "{}" } },
            claim: { name: "monitoring", value: "viewer" },
            paths: ["/a", "/b"] as [string, string],
        };
        const { rules } = claimPolicySpec({ ...args, onlyIssuer: true });
        assert.deepEqual(
            rules.map(({ to, when }) => [to[0]!.operation.paths, when[0]]),
            [
                [["/a*", "/b*"], { key: "request.auth.claims[monitoring]", notValues: ["viewer"] }],
                [["/a*", "/b*"], { key: "request.auth.claims[iss]", notValues: ["https://i"] }],
            ],
        );
        assert.match(JSON.stringify(missingTokenSpec(args)), /"or_filter":\{"filters":\[\{.*"\/a".*"\/b"/);
    });

    it("S1 names what contradicts it", () => {
        assert.deepEqual(problems({}), []);
        assert.ok(problems({}, { mesh: { routing: "gateway-api" } }).includes("monitoring.access"));
        assert.deepEqual(problems({ access: { issuer: "https://auth.c4ang.com" } }, { ecommerce: { tokens: {} } }), [
            "monitoring.access.issuer",
        ]);
        assert.deepEqual(problems({ access: { others: { prometheus: { port: 1 } } } }), [
            "monitoring.access.others.prometheus",
        ]);
    });
});

describe("npm run dashboard", () => {
    it("S1 makes a token that the gateway's key set accepts, with the declared claims", () => {
        const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
        const key = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
        const [header, claims, signature] = viewerToken(configOf({ access: {} }), key, 2).split(".") as [
            string,
            string,
            string,
        ];
        const own = {
            key: createPublicKey(publicKey.export({ type: "spki", format: "pem" })),
            dsaEncoding: "ieee-p1363" as const,
        };
        assert.ok(verify("sha256", Buffer.from(`${header}.${claims}`), own, Buffer.from(signature, "base64url")));
        const { iss, aud, monitoring, exp, iat } = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<
            string,
            string
        >;
        assert.deepEqual(
            [iss, aud, monitoring],
            ["https://auth.c4ang.com/monitoring", "https://monitoring.buildingbite.com", "viewer"],
        );
        assert.equal(Number(exp) - Number(iat), 7200);
    });

    it("S1 passes requests on for the domain, with the token, and redirects back to itself", async () => {
        const seen: http.IncomingMessage[] = [];
        const gateway = http.createServer((request, response) => {
            seen.push(request);
            response.writeHead(302, { location: "http://tools.example/prometheus/graph" });
            response.end();
        });
        await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
        const to = { address: "127.0.0.1", port: (gateway.address() as AddressInfo).port };
        const forwarder = await startForwarder({ to, host: "tools.example", token: "t", port: 0 });
        try {
            const answer = await fetch(`${forwarder.url}/prometheus`, { redirect: "manual" });
            assert.deepEqual([answer.status, answer.headers.get("location")], [302, "/prometheus/graph"]);
            const { url, headers } = seen[0]!;
            assert.deepEqual([url, headers.host, headers.authorization], ["/prometheus", "tools.example", "Bearer t"]);
        } finally {
            await forwarder.close();
            gateway.close();
        }
    });
});
