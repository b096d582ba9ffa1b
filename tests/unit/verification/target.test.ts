import { strict as assert } from "node:assert";
import { mkdtempSync, writeFileSync } from "node:fs";
import http from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectTarget, parseClientOutput } from "../../verification/target/connect";
import {
    escapeRegex,
    outboundCluster,
    parseCertificates,
    parseHosts,
    parseSync,
} from "../../verification/target/envoy";
import { readTargetFile, TargetError } from "../../verification/target/file";
import { openConnection, sendStream } from "../../verification/target/http";
import { ownerOf } from "../../verification/target/identity";
import { config } from "./support";

const directory = mkdtempSync(join(tmpdir(), "verification-"));

describe("Verification, target: Envoy's and istiod's answers", () => {
    const cluster = outboundCluster("egov-hello", "egov-app", 80);
    it("hosts of one cluster only, with flags and counts", () => {
        const text = [
            `${cluster}::observability_name::x`,
            `${cluster}::default_priority::max_connections::100`,
            `${cluster}::10.0.0.1:8080::rq_total::7`,
            `${cluster}::10.0.0.1:8080::health_flags::healthy`,
            `${cluster}::10.0.0.2:8080::rq_total::3`,
            `${cluster}::10.0.0.2:8080::health_flags::/failed_outlier_check/failed_eds_health`,
            "outbound|80||other.egov-app.svc.cluster.local::10.0.0.3:8080::rq_total::1",
            "",
        ].join("\n");
        assert.deepEqual(parseHosts(text, cluster), [
            { ip: "10.0.0.1", port: 8080, flags: [], requests: 7 },
            { ip: "10.0.0.2", port: 8080, flags: ["failed_outlier_check", "failed_eds_health"], requests: 3 },
        ]);
        assert.deepEqual(parseHosts(text, "unknown"), []);
    });
    it("cluster names match themselves as expressions", () => {
        assert.ok(new RegExp(`^${escapeRegex(cluster)}$`).test(cluster));
        assert.ok(!new RegExp(`^${escapeRegex(cluster)}$`).test(cluster.replace("|80", "")));
    });
    it("a proxy is stale in what it has not acknowledged", () => {
        const sent = { cluster_sent: "1", cluster_acked: "1", listener_sent: "1", listener_acked: "1" };
        const rest = { route_sent: "2", route_acked: "1", endpoint_sent: "3" };
        assert.deepEqual(
            parseSync(JSON.stringify([{ proxy: "a.b", istio_version: "1.29.1", ...sent, ...rest }]), "canary"),
            [{ proxy: "a.b", revision: "canary", version: "1.29.1", stale: ["route", "endpoint"], sent: "1,1,2,3" }],
        );
    });
    it("each certificate of a proxy once, with its identities and its time", () => {
        const leaf = {
            serial_number: "1f",
            subject_alt_names: [{ uri: "spiffe://cluster.local/ns/a/sa/b" }],
            valid_from: "2026-01-01T00:00:00Z",
            expiration_time: "2026-01-02T00:00:00Z",
        };
        const place = { ca_cert: [{ serial_number: "ca" }], cert_chain: [leaf] };
        assert.deepEqual(parseCertificates(JSON.stringify({ certificates: [place, place, { cert_chain: [] }] })), [
            {
                serialNumber: "1f",
                names: ["spiffe://cluster.local/ns/a/sa/b"],
                validFrom: new Date(leaf.valid_from),
                validTo: new Date(leaf.expiration_time),
            },
        ]);
    });
    it("the client's output; anything else is an error", () => {
        const responses = [
            { status: 200, servedBy: "a", attempt: 2, ms: 1, body: "x" },
            { ms: 2, error: "ECONNRESET" },
        ];
        assert.deepEqual(parseClientOutput(JSON.stringify({ responses })), [
            { status: 200, pod: "a", attempt: 2, ms: 1, body: "x", headers: {} },
            { error: "ECONNRESET", ms: 2, body: "", headers: {} },
        ]);
        assert.throws(() => parseClientOutput("sh: not found"), /printed no JSON/);
        assert.throws(() => parseClientOutput("{}"), /printed no responses/);
    });
});

describe("Verification, target: the file", () => {
    const file = (content: string) => {
        const path = join(directory, "target.json");
        writeFileSync(path, content);
        return path;
    };
    const valid = {
        stack: "local",
        config: config(),
        kubeconfig: "/nowhere/kubeconfig",
        gateway: { address: "10.0.0.2", port: 32314 },
        objects: [],
        provenance: ["vanilla Envoy"],
    };
    it("what the program writes is read back", () => {
        const target = readTargetFile(file(JSON.stringify(valid)));
        assert.deepEqual(target.config.egov.outlierDetection, config().egov.outlierDetection);
    });
    it("names every problem with its path", () => {
        const text = JSON.stringify({ ...valid, stack: "", gateway: { address: "x", port: 0 }, colour: 1 });
        assert.throws(
            () => readTargetFile(file(text)),
            (error) =>
                error instanceof TargetError &&
                ["stack:", "gateway.port:", "colour"].every((part) => error.message.includes(part)),
        );
    });
    it("says what is wrong with a file that is missing or no JSON", () => {
        assert.throws(() => readTargetFile(join(directory, "none.json")), /Deploy first/);
        assert.throws(() => readTargetFile(file("{")), /is not JSON/);
    });
    it("a kubeconfig that is missing, and an API server that does not answer, are named", async () => {
        await assert.rejects(connectTarget(valid), /there is no kubeconfig/);
        const kubeconfig = join(directory, "kubeconfig");
        const cluster = { name: "c", cluster: { server: "https://127.0.0.1:1" } };
        const context = { name: "x", context: { cluster: "c", user: "u" } };
        const user = { name: "u", user: {} };
        writeFileSync(
            kubeconfig,
            JSON.stringify({ clusters: [cluster], contexts: [context], users: [user], "current-context": "x" }),
        );
        await assert.rejects(connectTarget({ ...valid, kubeconfig }), /https:\/\/127.0.0.1:1 does not answer/);
    });
});

describe("Verification, target: the gateway belongs to the cluster", () => {
    const nodes = [{ metadata: { name: "n1" }, status: { addresses: [{ address: "10.0.0.2" }] } }];
    const services = [
        { metadata: { name: "istio-ingressgateway" }, spec: { ports: [{ port: 80, nodePort: 32314 }] } },
        {
            metadata: { name: "balanced" },
            spec: { ports: [{ port: 80 }] },
            status: { loadBalancer: { ingress: [{ hostname: "lb.example.com" }] } },
        },
    ];
    const owner = (address: string, port: number) => ownerOf(nodes, services, config(), { address, port });
    it("a node's address with a node port, a load balancer, a mapped host port", () => {
        assert.match(owner("10.0.0.2", 32314), /on node n1/);
        assert.match(owner("lb.example.com", 80), /load balancer of Service balanced/);
        assert.match(owner("127.0.0.1", 32314), /host port 32314/);
    });
    it("anything else is refused", () => {
        for (const [address, port] of [
            ["10.0.0.3", 32314],
            ["10.0.0.2", 80],
            ["lb.example.com", 443],
            ["127.0.0.1", 8080],
            ["127.0.0.1", 30005],
        ] as const)
            assert.throws(() => owner(address, port), TargetError, `${address}:${port}`);
    });
});

describe("Verification, target: requests from outside", () => {
    const connections = new Set<unknown>();
    const server = http.createServer((request, response) => {
        connections.add(request.socket);
        response.setHeader("x-served-by", "pod-a");
        response.setHeader("x-attempt", "2");
        if (request.url === "/slow") return;
        if (request.url === "/reset") return void request.socket.destroy();
        response.end(`${request.headers.host} ${request.headers["x-test"] ?? ""}`);
    });
    let origin = "";
    before((done) => void server.listen(0, "127.0.0.1", done));
    before(() => {
        origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    beforeEach(() => connections.clear());
    after(() => {
        server.closeAllConnections();
        server.close();
    });

    it("Host, headers, status, pod and try", async () => {
        const [answer] = await sendStream(origin, { path: "/", host: "api.c4ang.com", headers: { "x-test": "1" } });
        assert.deepEqual(
            [answer!.status, answer!.pod, answer!.attempt, answer!.body],
            [200, "pod-a", 2, "api.c4ang.com 1"],
        );
    });
    it("connections are kept, or opened anew for each request", async () => {
        await sendStream(origin, { path: "/" }, { count: 10 });
        assert.equal(connections.size, 1);
        await sendStream(origin, { path: "/" }, { count: 10, connections: "new" });
        assert.equal(connections.size, 11);
    });
    it("one pinned connection", async () => {
        const connection = openConnection(origin);
        for (let i = 0; i < 5; i++) await connection.send({ path: "/" });
        await connection.close();
        assert.equal(connections.size, 1);
    });
    it("what gets no answer is an answer with its reason", async () => {
        const [slow] = await sendStream(origin, { path: "/slow", timeout: 50 });
        assert.match(slow!.error!, /Timeout/);
        const [reset] = await sendStream(origin, { path: "/reset" });
        assert.ok(reset!.error);
        const refused = await sendStream("http://127.0.0.1:1", { path: "/" }, { count: 3 });
        assert.ok(refused.every(({ error }) => error?.includes("ECONNREFUSED")));
    });
});
