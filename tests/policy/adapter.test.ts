import assert from "node:assert/strict";
import { toCloud } from "../../policy/adapter/aws";
import { createPolicies } from "../../policy/adapter/pack";
import { opaqueNamespaces, type PlainResource, toObject } from "../../policy/adapter/resources";
import { UNKNOWN } from "../../policy/model/unknown";
import { SETTINGS_TYPE } from "../../policy/adapter/settings";
import { enforcementsOf } from "../../policy/adapter/names";
import { rules } from "../../policy/rules";
import { meshRules } from "../../policy/rules/mesh";
import { analyze, type EngineResource, urnOf } from "./analyzer";
import { GoodMesh, type Manifest } from "./good-mesh";

/** The objects of the good mesh as resources of the Kubernetes provider. */
function resources(change: (mesh: GoodMesh) => void = () => undefined): EngineResource[] {
    const mesh = new GoodMesh();
    change(mesh);
    return [...mesh.objects].map(([name, manifest]: [string, Manifest]) => ({
        type: `kubernetes:${manifest.apiVersion === "v1" ? "core/v1" : manifest.apiVersion}:${manifest.kind}`,
        name,
        inputs: manifest,
    }));
}

const order = "VirtualService/ecommerce/order-api";
const orderUrn = urnOf({ type: "kubernetes:networking.istio.io/v1:VirtualService", name: order });

describe("policy: the pack, through the SDK's gRPC handlers", function () {
    this.timeout("30s");

    it("says nothing about the good mesh", async () => {
        assert.deepEqual(await analyze(createPolicies(), resources()), []);
    });

    it("names the resource, the field and the fix", async () => {
        const found = await analyze(
            createPolicies(),
            resources((mesh) => delete mesh.get(order).spec.gateways),
        );
        assert.equal(found.length, 1);
        assert.deepEqual(
            { policy: found[0]?.policy, urn: found[0]?.urn, enforcement: found[0]?.enforcement },
            { policy: "virtual-service-gateway", urn: orderUrn, enforcement: "mandatory" },
        );
        assert.match(found[0]?.message ?? "", /\nVirtualService\/ecommerce\/order-api, spec\.gateways: /);
        assert.match(found[0]?.message ?? "", /\nFix: add spec\.gateways: \[ecommerce\/ecommerce-gateway, /);
    });

    it("judges what the program wrote, not what the API server made of it", async () => {
        const [written] = resources((mesh) => (mesh.get(order).spec.http[0].route[0].percent = 100)).filter(
            ({ name }) => name === order,
        );
        const answered = resources().find(({ name }) => name === order);
        const others = resources().filter(({ name }) => name !== order);
        const found = await analyze(createPolicies(), [
            ...others,
            { ...(written as EngineResource), outputs: answered?.inputs },
        ]);
        assert.deepEqual(
            found.map(({ policy }) => policy),
            ["unknown-field"],
        );
    });

    it("takes resources that the program only reads from the provider's answer", async () => {
        const read = resources().map((resource) => ({ ...resource, readOnly: resource.name.startsWith("Service/") }));
        assert.deepEqual(await analyze(createPolicies(), read), []);
    });

    it("neither reports nor fails on values that a preview does not know", async () => {
        const found = await analyze(
            createPolicies(),
            resources((mesh) => {
                mesh.get(order).spec.http[0].route[0].destination.host = UNKNOWN;
                mesh.get("Service/ecommerce/order-api").spec.selector.app = UNKNOWN;
                mesh.get("Deployment/ecommerce/customer-api").spec = UNKNOWN;
                mesh.get("Gateway/ecommerce/ecommerce-gateway").spec.servers = UNKNOWN;
                mesh.get("Namespace/ecommerce").metadata.labels = UNKNOWN;
            }),
        );
        assert.deepEqual(found, []);
    });

    it("says nothing about a stack without Kubernetes", async () => {
        const queue = { type: "aws:sqs/queue:Queue", name: "orders", inputs: { name: UNKNOWN } };
        assert.deepEqual(await analyze(createPolicies(), [queue]), []);
    });

    it("forgets a resource that has left the stack", async () => {
        const policies = createPolicies();
        await analyze(policies, resources());
        const found = await analyze(
            policies,
            resources().filter(({ name }) => name !== "Service/ecommerce/order-api"),
        );
        assert.deepEqual(
            found.map(({ policy, urn }) => [policy, urn]),
            [["destination-host", orderUrn]],
        );
    });

    it("leaves an advisory rule advisory", async () => {
        const found = await analyze(
            createPolicies(),
            resources((mesh) => {
                mesh.get(
                    "DestinationRule/ecommerce/customer-api",
                ).spec.trafficPolicy.outlierDetection.maxEjectionPercent = 100;
                mesh.get("Deployment/ecommerce/customer-api").spec.replicas = 1;
            }),
        );
        assert.deepEqual(
            found.map(({ policy, enforcement }) => [policy, enforcement]),
            [["ejection-budget", "advisory"]],
        );
    });

    it("has a policy of a legal, unique name for each rule", () => {
        const names = createPolicies().map(({ name }) => name);
        const reports = rules.flatMap(enforcementsOf).length;
        assert.deepEqual([new Set(names).size, names.length], [reports + 2, reports + 2]);
        for (const { id } of rules) assert.ok(names.includes(id), id);
        for (const name of names) assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    });
});

describe("policy: levels and exemptions of a stack", function () {
    this.timeout("30s");
    const unspread = (mesh: GoodMesh) =>
        delete mesh.get("Deployment/ecommerce/customer-api").spec.template.spec.topologySpreadConstraints;
    const stack = (settings: object): EngineResource[] => [
        ...resources(unspread),
        { type: SETTINGS_TYPE, name: "policy", inputs: { exemptions: [], ...settings } },
    ];
    const found = async (settings: object) =>
        (await analyze(createPolicies(rules, "2026-07-01"), stack(settings))).map(({ policy, enforcement }) => [
            policy,
            enforcement,
        ]);
    const exemption = {
        rule: "topology-spread",
        resource: "Deployment/ecommerce/*",
        reason: "The cluster has one node.",
        expires: "2026-07-01",
    };

    it("a rule speaks at the level of the environment", async () => {
        assert.deepEqual(await found({ environment: "prod" }), [["topology-spread", "mandatory"]]);
        assert.deepEqual(await found({ environment: "local" }), [["topology-spread-advice", "advisory"]]);
    });

    it("a stack that does not say what it is gets the strictest levels", async () => {
        const silent = await analyze(createPolicies(), resources(unspread));
        assert.deepEqual(
            silent.map(({ policy, enforcement }) => [policy, enforcement]),
            [["topology-spread", "mandatory"]],
        );
    });

    it("an exemption holds up to its last day, for the objects that it names", async () => {
        assert.deepEqual(await found({ exemptions: [exemption] }), []);
        const other = { ...exemption, resource: "Deployment/ecommerce/order-api" };
        assert.deepEqual(await found({ exemptions: [other] }), [["topology-spread", "mandatory"]]);
    });

    it("an exemption that has ended is a violation, and what it covered one again", async () => {
        assert.deepEqual(await found({ exemptions: [{ ...exemption, expires: "2026-06-30" }] }), [
            ["topology-spread", "mandatory"],
            ["expired-exemption", "mandatory"],
        ]);
    });

    it("judges hundreds of resources in less than 400 ms of processor time", async () => {
        const policies = createPolicies();
        const many = Array.from({ length: 5 }, (_, copy) =>
            resources().map((resource) => ({ ...resource, name: `${resource.name}-${copy}` })),
        ).flat();
        await analyze(policies, many);
        const started = process.cpuUsage();
        await analyze(
            policies,
            many.map((resource) => ({ ...resource, readOnly: true })),
        );
        const { user, system } = process.cpuUsage(started);
        assert.ok(many.length > 150, `${many.length} resources`);
        assert.ok((user + system) / 1_000 < 400, `${Math.round((user + system) / 1_000)} ms`);
    });
});

describe("policy: Pulumi resources as Kubernetes objects", () => {
    const plain = (
        type: string,
        properties: Record<string, unknown> = {},
        urn = `urn:pulumi:s::p::${type}::x`,
    ): PlainResource => ({
        type,
        urn,
        name: "x",
        properties,
    });

    it("takes apiVersion and kind from the type", () => {
        assert.deepEqual(toObject(plain("kubernetes:core/v1:Service", { kind: UNKNOWN }))?.manifest, {
            apiVersion: "v1",
            kind: "Service",
        });
        assert.deepEqual(toObject(plain("kubernetes:networking.istio.io/v1:Gateway"))?.manifest, {
            apiVersion: "networking.istio.io/v1",
            kind: "Gateway",
        });
    });

    it("leaves out what is no object", () => {
        for (const type of [
            "aws:s3/bucket:Bucket",
            "kubernetes:helm.sh/v3:Release",
            "kubernetes:yaml/v2:ConfigGroup",
            "kubernetes:core/v1:ServicePatch",
            "kubernetes:core/v1:PodList",
            "pulumi:providers:kubernetes",
        ])
            assert.equal(toObject(plain(type)), undefined, type);
    });

    it("does not claim to know the namespace of a Helm release", () => {
        assert.deepEqual(opaqueNamespaces([plain("kubernetes:helm.sh/v3:Release", { namespace: "istio-system" })]), [
            "istio-system",
        ]);
        assert.deepEqual(opaqueNamespaces([plain("kubernetes:helm.sh/v3:Release", { namespace: UNKNOWN })]), [UNKNOWN]);
        assert.deepEqual(opaqueNamespaces([plain("kubernetes:helm.sh/v3:Release")]), [UNKNOWN]);
    });

    it("knows the objects of a Chart, which are resources of the stack", () => {
        const chart = plain("kubernetes:helm.sh/v4:Chart", { namespace: "istio-system" });
        const child = plain(
            "kubernetes:core/v1:Service",
            {},
            "urn:pulumi:s::p::kubernetes:helm.sh/v4:Chart$kubernetes:core/v1:Service::x",
        );
        assert.deepEqual(opaqueNamespaces([chart, child]), []);
        assert.deepEqual(opaqueNamespaces([chart]), ["istio-system"]);
    });
});

describe("policy: AWS resources (P9)", () => {
    const resource = (type: string, name: string, properties: Record<string, unknown> = {}): PlainResource => ({
        type,
        name,
        urn: `urn:${name}`,
        properties,
    });
    const cluster = resource("eks:index:Cluster", "c4ang-eks-cluster");
    const group = (name: string, properties = {}) => resource("aws:ec2/securityGroup:SecurityGroup", name, properties);

    it("finds the nodes' security groups by tag and by name", () => {
        const found = toCloud([
            cluster,
            group("nodes"),
            group("eks-worker-nodes"),
            group("eksNodeGroup"),
            group("sg", { tags: { "kubernetes.io/cluster/c4ang-eks-cluster": "owned" } }),
            group("database"),
        ]);
        assert.deepEqual(
            found.nodeSecurityGroups.map(({ name }) => name),
            ["nodes", "eks-worker-nodes", "eksNodeGroup", "sg"],
        );
        assert.equal(found.eksClusters.length, 1);
    });

    it("reads rules in the three ways that AWS' provider has", () => {
        const { ingressRules } = toCloud([
            group("nodes", { ingress: [{ protocol: "tcp", fromPort: 15012, toPort: 15017 }] }),
            resource("aws:ec2/securityGroupRule:SecurityGroupRule", "a", {
                type: "ingress",
                protocol: "tcp",
                fromPort: 1,
                toPort: 2,
                securityGroupId: "sg-1",
            }),
            resource("aws:ec2/securityGroupRule:SecurityGroupRule", "b", {
                type: "egress",
                protocol: "-1",
                fromPort: 0,
                toPort: 0,
                securityGroupId: "sg-1",
            }),
            resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "c", {
                ipProtocol: "tcp",
                fromPort: 3,
                toPort: 4,
                securityGroupId: UNKNOWN,
            }),
        ]);
        assert.deepEqual(
            ingressRules.map(({ source, fromPort, toPort, securityGroupId }) => [
                source,
                fromPort,
                toPort,
                securityGroupId,
            ]),
            [
                ["urn:nodes", 15012, 15017, undefined],
                ["urn:a", 1, 2, "sg-1"],
                ["urn:c", 3, 4, UNKNOWN],
            ],
        );
    });

    it("stops a stack whose nodes refuse the control plane, and only that", async () => {
        const eks = { type: "eks:index:Cluster", name: "c4ang-eks-cluster", inputs: {} };
        const nodes = { type: "aws:ec2/securityGroup:SecurityGroup", name: "nodes", inputs: { vpcId: UNKNOWN } };
        const rule = {
            type: "aws:ec2/securityGroupRule:SecurityGroupRule",
            name: "webhook",
            inputs: {
                type: "ingress",
                protocol: "tcp",
                fromPort: 15017,
                toPort: 15017,
                securityGroupId: UNKNOWN,
                sourceSecurityGroupId: UNKNOWN,
            },
        };
        const refused = await analyze(createPolicies(meshRules), [...resources(), eks, nodes]);
        assert.deepEqual(
            refused.map(({ policy, urn }) => [policy, urn]),
            [["webhook-control-plane-access", urnOf(nodes)]],
        );
        assert.deepEqual(await analyze(createPolicies(meshRules), [...resources(), eks, nodes, rule]), []);
    });
});
