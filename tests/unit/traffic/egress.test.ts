import { strict as assert } from "node:assert";
import { egress, siteHosts, undeclaredServices } from "../../../components/config/egress";
import { egressRouteSpec, serviceEntrySpec, sidecarScopeSpec } from "../../../components/traffic";
import { runProgram } from "../../support/program";

const host = { host: "partner.example.com", port: 8080, through: "gateway" } as const;
const gateway = {
    selector: { istio: "egressgateway" },
    service: { name: "istio-egressgateway", namespace: "istio-system", port: 80 },
};

describe("Traffic: what leaves the mesh (P11, T7)", () => {
    it("T7 a ServiceEntry admits a host outside, by the addresses that the DNS has", () => {
        assert.deepEqual(serviceEntrySpec({ namespace: "istio-system", host: host.host, port: 8080 }), {
            hosts: ["partner.example.com"],
            location: "MESH_EXTERNAL",
            resolution: "DNS",
            ports: [{ number: 8080, name: "http", protocol: "HTTP" }],
        });
    });

    it("C5 a ServiceEntry leads a public name of the mesh to its own gateway", () => {
        const leadsTo = { name: "istio-ingressgateway", namespace: "istio-system", port: 80 };
        assert.deepEqual(
            serviceEntrySpec({ namespace: "istio-system", host: "api.c4ang.com", port: 80, leadsTo }).endpoints,
            [{ address: "istio-ingressgateway.istio-system.svc.cluster.local", ports: { http: 80 } }],
        );
    });

    it("P11 sidecars send to the egress gateway, and it sends to the host", () => {
        const { hosts, gateways, http } = egressRouteSpec(host, gateway);
        assert.deepEqual([hosts, gateways], [["partner.example.com"], ["mesh", "istio-egressgateway"]]);
        assert.deepEqual(
            http.map(({ match, route }) => [match[0], route[0]!.destination]),
            [
                [
                    { gateways: ["mesh"], port: 8080 },
                    { host: "istio-egressgateway.istio-system.svc.cluster.local", port: { number: 80 } },
                ],
                [
                    { gateways: ["istio-egressgateway"], port: 80 },
                    { host: "partner.example.com", port: { number: 8080 } },
                ],
            ],
        );
    });

    it("T7 a Sidecar names what the pods of its namespace call; one that names nothing would mean everything", () => {
        const services = [
            { name: "order-api", namespace: "ecommerce", port: 8080 },
            { name: "egov-hello", namespace: "egov-app", port: 80 },
        ];
        const others = [{ namespace: "istio-system", host: host.host }];
        assert.deepEqual(sidecarScopeSpec({ namespace: "ecommerce", services, others }), {
            egress: [
                {
                    hosts: [
                        "./order-api.ecommerce.svc.cluster.local",
                        "egov-app/egov-hello.egov-app.svc.cluster.local",
                        "istio-system/partner.example.com",
                    ],
                },
            ],
        });
        assert.throws(() => sidecarScopeSpec({ namespace: "ecommerce", services: [] }), RangeError);
    });

    it("T7 the e-commerce services know their own, the public name, the hosts that they call and the way to these", async () => {
        const run = async (outside: string[]) => {
            const { manifests } = await runProgram({
                config: {
                    cluster: { kind: "embedded" },
                    mesh: {
                        outboundTrafficPolicy: "REGISTRY_ONLY",
                        egress: {
                            hosts: {
                                partner: { host: "partner.example.com", through: "gateway" },
                                supplier: { host: "supplier.example.com", through: "sidecar" },
                            },
                        },
                    },
                    ecommerce: { scope: { outside } },
                },
            });
            const [sidecar, ...others] = manifests.filter(({ kind }) => kind === "Sidecar");
            assert.deepEqual([sidecar?.metadata.namespace, others], ["ecommerce", []]);
            const [{ hosts }] = (sidecar!.spec as ReturnType<typeof sidecarScopeSpec>).egress as [{ hosts: string[] }];
            assert.equal(hosts.filter((one) => one.startsWith("./")).length, 6);
            return hosts.filter((one) => !one.startsWith("./"));
        };
        assert.deepEqual(await run(["supplier"]), ["istio-system/supplier.example.com", "istio-system/api.c4ang.com"]);
        assert.deepEqual(await run(["partner"]), [
            "istio-system/partner.example.com",
            "istio-system/api.c4ang.com",
            "istio-system/istio-egressgateway.istio-system.svc.cluster.local",
        ]);
    }).timeout(60_000);

    it("T7 the hosts of the site that are declared, and those that are not", () => {
        const config = egress.parse({
            hosts: {
                partner: { host: "partner.outside.svc.cluster.local" },
                other: { host: "other.example.com", through: "sidecar" },
            },
            site: {},
        });
        assert.deepEqual(
            siteHosts(config).map(([name]) => name),
            ["partner"],
        );
        assert.deepEqual(undeclaredServices(config), ["supplier", "stranger"]);
    });

    it("a stack without hosts behind it has no egress gateway; the site's Services are hidden from Istio", async () => {
        const cluster = { kind: "embedded" };
        const direct = { supplier: { host: "supplier.outside.svc.cluster.local", through: "sidecar" } };
        const { manifests } = await runProgram({ config: { cluster, mesh: { egress: { hosts: direct, site: {} } } } });
        assert.ok(!manifests.some(({ metadata }) => metadata.name === "istio-egressgateway"));
        const services = manifests.filter(
            ({ kind, metadata }) => kind === "Service" && metadata.namespace === "outside",
        );
        assert.equal(services.length, 3);
        for (const { metadata } of services)
            assert.deepEqual((metadata as { annotations?: object }).annotations, {
                "networking.istio.io/exportTo": "~",
            });
    }).timeout(60_000);
});
