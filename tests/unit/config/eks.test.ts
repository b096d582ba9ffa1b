import { strict as assert } from "node:assert";
import { validateConfig } from "../../../components/config/validate";
import { stackFileConfig } from "../../support/program";

/** The configuration of prod with some values changed, by path. */
function prod(changes: Record<string, unknown>): Record<string, unknown> {
    const config = structuredClone(stackFileConfig("prod"));
    for (const [path, value] of Object.entries(changes)) {
        const keys = path.split(".");
        const last = keys.pop()!;
        const target = keys.reduce<Record<string, unknown>>(
            (group, key) => (group[key] ??= {}) as Record<string, unknown>,
            config,
        );
        if (value === undefined) delete target[last];
        else target[last] = value;
    }
    return config;
}

function problems(changes: Record<string, unknown>): string[] {
    const result = validateConfig(prod(changes));
    return result.ok ? [] : result.problems.map((problem) => problem.replace("istio-platform:", ""));
}

describe("Configuration of an EKS cluster", () => {
    it("prod is sound", () => assert.deepEqual(problems({}), []));

    const accepted: [title: string, changes: Record<string, unknown>][] = [
        ["a VPC of its own", { "cluster.network": { cidr: "172.16.0.0/20", natGateways: "one" } }],
        ["ARM nodes", { "cluster.nodes": { instanceTypes: ["m7g.xlarge"], operatingSystem: "BOTTLEROCKET_ARM_64" } }],
        [
            "TLS that ends at the gateway",
            { "cluster.loadBalancer": { tls: "gateway" }, "ecommerce.tls": { certificate: { source: "existing" } } },
        ],
        ["no data stores", { "cluster.dataStores": {} }],
        ["two zones", { "cluster.availabilityZones": ["a", "c"] }],
    ];
    for (const [title, changes] of accepted) it(`takes ${title}`, () => assert.deepEqual(problems(changes), []));

    const refused: [title: string, changes: Record<string, unknown>, path: string, says: RegExp][] = [
        ["a cluster without a name in the DNS", { "cluster.domain": undefined }, "cluster.domain", /missing/],
        [
            "an API server that the whole internet reaches",
            { "cluster.endpoint.publicCidrs": ["0.0.0.0/0"] },
            "cluster.endpoint.publicCidrs.0",
            /not the whole internet/,
        ],
        [
            "a block that begins elsewhere than its prefix",
            { "cluster.network": { cidr: "10.20.1.0/16" } },
            "cluster.network.cidr",
            /10\.20\.0\.0\/16/,
        ],
        [
            "a block that is too small for three zones",
            { "cluster.network": { cidr: "10.20.0.0/24" } },
            "cluster.network.cidr",
            /\/16 to \/20/,
        ],
        ["a region of another partition", { "cluster.region": "us-gov-west-1" }, "cluster.region", /ap-northeast-2/],
        [
            "more nodes at first than at most",
            { "cluster.nodes": { perZone: { desired: 4 } } },
            "cluster.nodes.perZone.desired",
            /not between min \(1\) and max \(3\)/,
        ],
        [
            "ARM instances with an x86 system",
            { "cluster.nodes": { instanceTypes: ["c6gn.xlarge"] } },
            "cluster.nodes.instanceTypes",
            /ARM processor/,
        ],
        [
            "kube-proxy of another Kubernetes",
            { "cluster.kubernetesVersion": "1.34" },
            "cluster.addOns.kubeProxy",
            /not of Kubernetes 1\.34/,
        ],
        [
            "a Kubernetes that Istio is not tested with",
            { "cluster.kubernetesVersion": "1.36", "cluster.addOns": { kubeProxy: "v1.36.0-eksbuild.14" } },
            "cluster.kubernetesVersion",
            /1\.31 to 1\.35/,
        ],
        [
            "storage that shrinks",
            { "cluster.dataStores.postgres.maxStorageGiB": 20 },
            "cluster.dataStores.postgres.maxStorageGiB",
            /less than storageGiB \(50\)/,
        ],
        [
            "clients of no data store",
            { "cluster.dataStores.postgres": undefined, "cluster.dataStores.cache": undefined },
            "cluster.dataStores.clients",
            /no data store/,
        ],
        [
            "a gateway without load balancer",
            { "mesh.ingressGateway.serviceType": "NodePort", "mesh.ingressGateway.autoscaling": undefined },
            "mesh.ingressGateway.serviceType",
            /LoadBalancer/,
        ],
        ["a port 443 that leads nowhere", { "ecommerce.tls": undefined }, "ecommerce.tls", /nothing opens/],
        [
            "a certificate that no client trusts",
            { "cluster.loadBalancer": { tls: "gateway" } },
            "ecommerce.tls.certificate.source",
            /no client would trust/,
        ],
        [
            "a gateway that has to know the host of a TLS connection",
            { "ecommerce.hosts": ["api.c4ang.com"] },
            "ecommerce.hosts",
            /must be "\*"/,
        ],
        [
            "a public name that no Gateway knows",
            { "cluster.domain.host": "shop.c4ang.com" },
            "cluster.domain.host",
            /404/,
        ],
        [
            "a health check of a path that no route takes",
            { "cluster.domain.healthCheck": { path: "/healthz" } },
            "cluster.domain.healthCheck.path",
            /always be unhealthy/,
        ],
        ["an image that no registry has", { sampleImage: { app: "sample-app" } }, "sampleImage.image", /push it/],
    ];
    for (const [title, changes, path, says] of refused)
        it(`refuses ${title}`, () => {
            const found = problems(changes);
            assert.equal(found.length, 1, found.join("\n"));
            assert.ok(found[0]!.startsWith(`${path}: `), found[0]);
            assert.match(found[0]!, says);
        });
});
