import { strict as assert } from "node:assert";
import { declaration, viewProblems } from "../../verification/specs/support/declared-views";
import { recorded } from "./recorded";
import { config, pod } from "./support";

/** The pods of the recorded mesh. */
const pods = [
    ...["10.244.0.9", "10.244.0.6", "10.244.0.8"].map((ip) => ({
        ...pod(`egov-hello-${ip}`, { app: "egov-hello" }, ip),
        namespace: "egov-app",
    })),
    { ...pod("gateway-server", { app: "gateway-server" }, "10.244.0.4"), namespace: "egov-infra" },
];
const declared = declaration(config({ ecommerce: { enabled: false } }), pods);
const hello = "outbound|80||egov-hello.egov-app.svc.cluster.local";
const server = "outbound|9000||gateway-server.egov-infra.svc.cluster.local";

/** The problems of a recorded proxy after a change of what it has been told. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- made wrong on purpose
function problems(kind: "sidecar" | "gateway", change: (snapshot: any) => void = () => {}, wanted = declared) {
    const snapshot = structuredClone(recorded(kind));
    change(snapshot);
    const found = Object.entries(viewProblems(snapshot, kind, wanted));
    return Object.fromEntries(found.filter(([, list]) => list.length > 0));
}

describe("Verification, T14: what proxies have been told against what is declared", () => {
    it("finds nothing in the proxies of a healthy mesh", () => {
        assert.deepEqual(problems("sidecar"), {});
        assert.deepEqual(problems("gateway"), {});
    });

    it("LDS: a sidecar that does not take what its pod sends or is sent", () => {
        for (const [name, port] of [
            ["virtualOutbound", 15001],
            ["virtualInbound", 15006],
        ] as const) {
            const gone = problems("sidecar", ({ listeners }) => delete listeners[name]);
            assert.deepEqual(gone, { listeners: [`no listener ${name} on ${port}`] });
        }
        assert.deepEqual(
            problems("sidecar", ({ listeners }) => delete listeners["0.0.0.0_9000"]),
            { listeners: ["no listener for HTTP to port 9000"] },
        );
    });

    it("LDS: a gateway that listens to nobody, and a listener without its routes", () => {
        assert.deepEqual(
            problems("gateway", ({ listeners }) => delete listeners["0.0.0.0_8080"]),
            { listeners: ["no listener on 8080"] },
        );
        assert.deepEqual(
            problems("gateway", ({ routes }) => delete routes["http.8080"]),
            {
                listeners: ["the routes http.8080 of a listener are missing"],
                routes: ["no route for /a/b/c/hello"],
            },
        );
    });

    it("RDS: a Service without a virtual host, or led to another one", () => {
        const withoutHost = problems("sidecar", ({ routes }) => {
            routes["9000"].virtual_hosts = [];
        });
        assert.deepEqual(withoutHost, {
            routes: ["no virtual host for gateway-server.egov-infra.svc.cluster.local:9000"],
        });
        const elsewhere = problems("sidecar", ({ routes }) => {
            routes["9000"].virtual_hosts[0].routes[0].route.cluster = hello;
        });
        assert.deepEqual(elsewhere, {
            routes: [`gateway-server.egov-infra.svc.cluster.local:9000 leads to ${hello}`],
        });
    });

    it("RDS: subsets and weights of the same Service are its own", () => {
        const weighted = problems("sidecar", ({ routes }) => {
            const [host] = routes["80"].virtual_hosts;
            const clusters = ["v1", "v2"].map((subset) => ({ name: hello.replace("||", `|${subset}|`), weight: 50 }));
            host.routes = [{ route: { weighted_clusters: { clusters } } }];
        });
        assert.deepEqual(weighted, {});
    });

    it("CDS: a Service that the proxy does not know, and the routes that lead there", () => {
        assert.deepEqual(
            problems("gateway", ({ clusters }) => delete clusters[server]),
            { clusters: [`no ${server}`] },
        );
        assert.deepEqual(
            problems("gateway", ({ clusters }) => delete clusters[hello]),
            { routes: [`a route leads to ${hello}, which is missing`], clusters: [`no ${hello}`] },
        );
    });

    it("EDS: an address too many, one too few, another port", () => {
        assert.deepEqual(problems("sidecar", undefined, { ...declared, pods: pods.slice(1) }), {
            endpoints: [`${hello} has 10.244.0.9:8080`],
        });
        const another = { ...pods[0]!, ip: "10.244.0.99" };
        assert.deepEqual(problems("sidecar", undefined, { ...declared, pods: [...pods, another] }), {
            endpoints: [`${hello} lacks 10.244.0.99:8080`],
        });
        const services = declared.services.map((service) => ({ ...service, containerPort: 9000 }));
        assert.equal(problems("sidecar", undefined, { ...declared, services })["endpoints"]!.length, 6);
    });
});
