import { strict as assert } from "node:assert";
import { describeDifferences, differences } from "../../verification/proxy-views/difference";
import { choosePod } from "../../verification/proxy-views/pod";
import { parseSnapshot, snapshotOf, type ProxySnapshot } from "../../verification/proxy-views/snapshot";
import { table } from "../../verification/proxy-views/table";
import { view } from "../../verification/proxy-views/views";
import { TargetError } from "../../verification/target/file";
import { recorded } from "./recorded";
import { pod } from "./support";

const hello = "outbound|80||egov-hello.egov-app.svc.cluster.local";
const text = (rows: readonly (readonly string[])[]) => rows.map((cells) => cells.join(" | "));

describe("Views of a proxy (T14)", () => {
    const sidecar = recorded("sidecar");

    it("listeners: in the order of ports, with what each filter chain takes and where it leads", () => {
        const rows = text(view(sidecar, "listeners").rows);
        assert.ok(rows.includes("0.0.0.0 | 80 | Trans: raw_buffer; App: http/1.1,h2c | Route: 80"));
        assert.ok(rows.includes("0.0.0.0 | 80 | ALL | Cluster: PassthroughCluster"));
        assert.ok(rows.includes("0.0.0.0 | 15001 | Addr: *:15001 | Cluster: BlackHoleCluster"));
        assert.ok(
            rows.includes("0.0.0.0 | 15006 | Trans: raw_buffer; Addr: *:9000 | Inline Route: /* -> inbound|9000||"),
        );
        assert.ok(rows.includes("0.0.0.0 | 15021 | ALL | Inline Route: /healthz/ready* -> agent"));
        const ports = view(sidecar, "listeners").rows.map(([, port]) => Number(port));
        assert.deepEqual(
            ports,
            ports.toSorted((a, b) => a - b),
        );
    });

    it("routes: where requests go, and which VirtualService says so", () => {
        assert.ok(
            text(view(recorded("gateway"), "routes").rows).includes(
                `http.8080 | *:80 | * | /a/b/c/hello* | ${hello} | egov-hello.egov-app`,
            ),
        );
        const [, , domains] = view(sidecar, "routes").rows.find(([, host]) => host?.startsWith("egov-hello"))!;
        assert.match(domains!, /^egov-hello\.egov-app\.svc\.cluster\.local, .* \+ \d more$/);
    });

    it("clusters: Service, port, subset, and which DestinationRule applies", () => {
        const rows = text(view(sidecar, "clusters").rows);
        assert.ok(
            rows.includes("egov-hello.egov-app.svc.cluster.local | 80 | v1 | outbound | EDS | egov-hello.egov-app"),
        );
        assert.ok(rows.includes("BlackHoleCluster | - | - | - | STATIC | "));
        assert.ok(rows.includes("- | 9000 | - | inbound | ORIGINAL_DST | "));
    });

    it("endpoints: addresses with their health", () => {
        const rows = view(sidecar, "endpoints").rows.filter(([, , , , , cluster]) => cluster === hello);
        assert.equal(rows.length, 3);
        for (const [address, ...state] of rows) {
            assert.match(address!, /^10\.244\.0\.\d+:8080$/);
            assert.deepEqual(state, ["HEALTHY", "OK", "1", "zone-a", hello]);
        }
        assert.ok(text(view(sidecar, "endpoints").rows).some((row) => row.startsWith("unix://")));
    });

    it("an ejected address is told", () => {
        const host = { address: { socket_address: { address: "10.0.0.1", port_value: 80 } } };
        const ejected = { ...host, health_status: { eds_health_status: "HEALTHY", failed_outlier_check: true } };
        const statuses = JSON.stringify({ cluster_statuses: [{ name: "c", host_statuses: [ejected] }] });
        const snapshot = snapshotOf("p", new Date(0), "{}", statuses);
        assert.equal(snapshot.endpoints["c"]!["10.0.0.1:80"]!.outlierCheck, "FAILED");
    });

    it("tables have columns as wide as they must be, and no blanks at the end of lines", () => {
        assert.equal(
            table({
                columns: ["A", "LONG"],
                rows: [
                    ["longer", "x"],
                    ["b", ""],
                ],
            }),
            "A       LONG\nlonger  x\nb\n",
        );
    });
});

describe("Two moments of a proxy (T14)", () => {
    const before = recorded("sidecar");
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- changed as Envoy's configuration changes
    const changed = (change: (snapshot: any) => void): ProxySnapshot => {
        const after = structuredClone(before);
        change(after);
        return after;
    };

    it("do not differ in the order in which Envoy lists its configuration", () => {
        const reversed = changed((snapshot) => {
            for (const section of ["listeners", "routes", "clusters", "endpoints"])
                snapshot[section] = Object.fromEntries(Object.entries(snapshot[section]).reverse());
        });
        assert.deepEqual(differences(before, reversed), []);
    });

    it("differ in the field that was changed, and in what came and went", () => {
        const after = changed((snapshot) => {
            snapshot.clusters[hello].outlier_detection.consecutive_5xx = 5;
            snapshot.routes["80"].virtual_hosts[0].routes[0].route.timeout = "3s";
            delete snapshot.listeners["0.0.0.0_80"];
            snapshot.endpoints[hello]["10.9.9.9:8080"] = {
                status: "HEALTHY",
                outlierCheck: "OK",
                weight: 1,
                locality: "",
            };
            snapshot.clusters["new"] = {};
        });
        assert.equal(
            describeDifferences(differences(before, after)),
            [
                "- listeners 0.0.0.0_80",
                "~ routes 80",
                '    virtual_hosts[egov-hello.egov-app.svc.cluster.local:80].routes[default].route.timeout: "0s" -> "3s"',
                "+ clusters new",
                `~ clusters ${hello}`,
                "    outlier_detection.consecutive_5xx: 3 -> 5",
                `~ endpoints ${hello}`,
                '    10.9.9.9:8080: (none) -> {"status":"HEALTHY","outlierCheck":"OK","weight":1,"locality":""}',
                "",
            ].join("\n"),
        );
        assert.deepEqual(
            differences(before, after, ["endpoints"]).map(({ section }) => section),
            ["endpoints"],
        );
    });

    it("can be kept as JSON; another file is refused", () => {
        assert.deepEqual(parseSnapshot(JSON.stringify(before)), before);
        assert.throws(() => parseSnapshot('{"proxy": "a"}'), /takenAt/);
    });
});

describe("The pod that is meant", () => {
    const pods = [pod("orders-1"), pod("orders-2"), { ...pod("orders-1"), namespace: "other" }, pod("orders-10")];
    const name = (wanted: string) => {
        const found = choosePod(pods, wanted);
        return `${found.name}.${found.namespace}`;
    };

    it("by its whole name, by a beginning, by its namespace", () => {
        assert.equal(name("orders-2"), "orders-2.test");
        assert.equal(name("orders-10"), "orders-10.test");
        assert.equal(name("orders.other"), "orders-1.other");
        assert.equal(name("orders-1.test"), "orders-1.test");
    });

    it("is not guessed", () => {
        assert.throws(() => name("orders"), /may mean several pods.*\n {2}orders-1\.test/s);
        assert.throws(() => name("payments"), TargetError);
    });
});
