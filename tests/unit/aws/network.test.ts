import { strict as assert } from "node:assert";
import { addressPlan } from "../../../components/config/address-plan";
import { ofType, one, statements, type Recorded } from "../../support/aws";
import { otherwise, recordCluster } from "./cluster";

describe("AWS: the addresses of a VPC", () => {
    it("P1 are shared out without overlap: pods an eighth each, entrances and data a sixty-fourth", () => {
        assert.deepEqual(addressPlan("10.20.0.0/16", 3), [
            { pods: "10.20.0.0/19", entrance: "10.20.96.0/22", data: "10.20.108.0/22" },
            { pods: "10.20.32.0/19", entrance: "10.20.100.0/22", data: "10.20.112.0/22" },
            { pods: "10.20.64.0/19", entrance: "10.20.104.0/22", data: "10.20.116.0/22" },
        ]);
    });
    it("begin where the VPC begins, of any size", () => {
        assert.deepEqual(addressPlan("172.16.16.0/20", 2), [
            { pods: "172.16.16.0/23", entrance: "172.16.22.0/26", data: "172.16.22.192/26" },
            { pods: "172.16.18.0/23", entrance: "172.16.22.64/26", data: "172.16.23.0/26" },
        ]);
    });
    it("have room for three zones", () => assert.throws(() => addressPlan("10.0.0.0/16", 4), RangeError));
});

describe("AWS: the network", function () {
    this.timeout(60_000);
    let resources: Recorded[];
    before(async () => (resources = await recordCluster()));

    it("P1 three subnets in each of three zones; none gives public addresses", () => {
        const subnets = ofType(resources, "ec2/subnet:Subnet").map(({ inputs }) => inputs);
        assert.equal(subnets.length, 9);
        assert.deepEqual(
            [...new Set(subnets.map(({ availabilityZone }) => availabilityZone))],
            ["ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c"],
        );
        assert.ok(subnets.every(({ mapPublicIpOnLaunch }) => mapPublicIpOnLaunch === false));
    });

    it("P3 load balancers find their subnets by tags: public ones in front, private ones inside", () => {
        const tagged = (tag: string) =>
            ofType(resources, "ec2/subnet:Subnet")
                .filter(({ inputs }) => (inputs["tags"] as Record<string, string>)[tag] === "1")
                .map(({ name }) => name);
        const zones = ["a", "b", "c"].map((letter) => `ap-northeast-2${letter}`);
        assert.deepEqual(
            tagged("kubernetes.io/role/elb"),
            zones.map((zone) => `cluster-entrance-${zone}`),
        );
        assert.deepEqual(
            tagged("kubernetes.io/role/internal-elb"),
            zones.map((zone) => `cluster-pods-${zone}`),
        );
    });

    it("every zone's pods leave through a NAT gateway of their zone", () => {
        assert.equal(ofType(resources, "ec2/natGateway:NatGateway").length, 3);
        for (const zone of ["a", "b", "c"]) {
            const route = one(resources, "ec2/route:Route", `cluster-pods-ap-northeast-2${zone}`);
            assert.equal(route.inputs["natGatewayId"], `cluster-ap-northeast-2${zone}-id`);
            const gateway = one(resources, "ec2/natGateway:NatGateway", `cluster-ap-northeast-2${zone}`);
            assert.equal(gateway.inputs["subnetId"], `cluster-entrance-ap-northeast-2${zone}-id`);
        }
    });

    it("or all through one, where one is enough", async () => {
        const cheap = await recordCluster(otherwise);
        assert.equal(ofType(cheap, "ec2/natGateway:NatGateway").length, 1);
        const targets = ofType(cheap, "ec2/route:Route").map(({ inputs }) => inputs["natGatewayId"]);
        assert.deepEqual(targets.filter(Boolean), Array(3).fill("cluster-ap-northeast-2a-id"));
    });

    it("P6 the subnets of the data stores have no route out", () => {
        const table = one(resources, "ec2/routeTable:RouteTable", "cluster-data");
        const routes = ofType(resources, "ec2/route:Route").map(({ inputs }) => inputs["routeTableId"]);
        assert.ok(!routes.includes(`${table.name}-id`));
        const associated = ofType(resources, "ec2/routeTableAssociation:RouteTableAssociation");
        assert.equal(associated.filter(({ inputs }) => inputs["routeTableId"] === `${table.name}-id`).length, 3);
    });

    it("the default security group admits nothing", () => {
        const { ingress, egress } = one(resources, "ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs;
        assert.deepEqual([ingress, egress], [[], []]);
    });

    it("endpoints: S3 by a gateway, the others by interfaces that only the VPC reaches, over HTTPS", () => {
        const endpoints = ofType(resources, "ec2/vpcEndpoint:VpcEndpoint").map(({ inputs }) => inputs);
        assert.deepEqual(
            endpoints.map(({ serviceName, vpcEndpointType }) => [serviceName, vpcEndpointType]),
            [
                ["com.amazonaws.ap-northeast-2.s3", "Gateway"],
                ["com.amazonaws.ap-northeast-2.ecr.api", "Interface"],
                ["com.amazonaws.ap-northeast-2.ecr.dkr", "Interface"],
                ["com.amazonaws.ap-northeast-2.sts", "Interface"],
            ],
        );
        const rule = one(
            resources,
            "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            "cluster-endpoints-from-vpc",
        );
        assert.deepEqual(
            [rule.inputs["cidrIpv4"], rule.inputs["fromPort"], rule.inputs["toPort"]],
            ["10.20.0.0/16", 443, 443],
        );
    });

    it("flow logs of all connections, encrypted, kept for the declared days", () => {
        const log = one(resources, "ec2/flowLog:FlowLog").inputs;
        assert.deepEqual([log["trafficType"], log["logDestination"]], ["ALL", "arn:cluster-flow-logs"]);
        const group = one(resources, "cloudwatch/logGroup:LogGroup", "cluster-flow-logs").inputs;
        assert.deepEqual([group["kmsKeyId"], group["retentionInDays"]], ["arn:cluster-secrets-and-logs", 90]);
    });

    it("every AWS resource goes to the provider of the region, with the tags of the configuration", async () => {
        const tagged = await recordCluster(otherwise);
        const provider = one(tagged, "pulumi:providers:aws").inputs;
        assert.equal(provider["region"], "ap-northeast-2");
        assert.deepEqual(JSON.parse(String(provider["defaultTags"])), {
            tags: { "istio-platform/cluster": "c4ang-eks-cluster", owner: "platform" },
        });
        for (const { type, name, provider } of tagged.filter((resource) => resource.type.startsWith("aws:")))
            assert.match(provider ?? "", /pulumi:providers:aws::cluster::/, `${type} ${name}`);
    });

    it("keys are replaced every year, and encrypt the logs of this account alone", () => {
        const key = one(resources, "kms/key:Key", "cluster-secrets-and-logs").inputs;
        assert.equal(key["enableKeyRotation"], true);
        const { LogGroupsOfTheAccount } = statements(key["policy"]);
        assert.deepEqual(LogGroupsOfTheAccount!["Condition"], {
            ArnLike: { "kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:ap-northeast-2:111122223333:log-group:*" },
        });
    });
});
