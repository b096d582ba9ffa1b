import { strict as assert } from "node:assert";
import { ofType, one, statements, type Recorded } from "../../support/aws";
import { otherwise, recordCluster } from "./cluster";

const INGRESS = "vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const EGRESS = "vpc/securityGroupEgressRule:SecurityGroupEgressRule";

describe("AWS: the control plane", function () {
    this.timeout(60_000);
    let cluster: Record<string, unknown>;
    let resources: Recorded[];
    before(async () => {
        resources = await recordCluster();
        cluster = one(resources, "eks:index:Cluster").inputs;
    });

    it("P1 is called c4ang-eks-cluster and has a Kubernetes that EKS and Istio support", () => {
        assert.deepEqual([cluster["name"], cluster["version"]], ["c4ang-eks-cluster", "1.35"]);
    });

    it("has a private address alone, unless networks are named", async () => {
        assert.deepEqual([cluster["endpointPrivateAccess"], cluster["endpointPublicAccess"]], [true, false]);
        assert.ok(!("publicAccessCidrs" in cluster));
        const open = one(await recordCluster(otherwise), "eks:index:Cluster");
        assert.equal(open.inputs["endpointPublicAccess"], true);
        assert.deepEqual(open.inputs["publicAccessCidrs"], ["203.0.113.0/24"]);
    });

    it("writes all logs, to a group that is encrypted and there before it", () => {
        assert.deepEqual(cluster["enabledClusterLogTypes"], [
            "api",
            "audit",
            "authenticator",
            "controllerManager",
            "scheduler",
        ]);
        const group = one(resources, "cloudwatch/logGroup:LogGroup", "cluster-control-plane");
        assert.equal(group.inputs["name"], "/aws/eks/c4ang-eks-cluster/cluster");
        assert.equal(group.inputs["kmsKeyId"], "arn:cluster-secrets-and-logs");
        assert.ok(resources.indexOf(group) < resources.indexOf(one(resources, "eks:index:Cluster")));
    });

    it("encrypts Secrets with a key of ours, which its role may use", () => {
        assert.equal(cluster["encryptionConfigKeyArn"], "arn:cluster-secrets-and-logs");
        const { EncryptSecrets } = statements(
            one(resources, "iam/rolePolicy:RolePolicy", "cluster-control-plane").inputs["policy"],
        );
        assert.deepEqual(EncryptSecrets!["Resource"], ["arn:cluster-secrets-and-logs"]);
    });

    it("lets people in by access entries, in the whole cluster or in namespaces", async () => {
        assert.equal(cluster["authenticationMode"], "API");
        const principal = "arn:aws:iam::111122223333:role/developers";
        const { accessEntries } = one(await recordCluster(otherwise), "eks:index:Cluster").inputs as {
            accessEntries: Record<string, unknown>;
        };
        assert.deepEqual(accessEntries["developers"], {
            principalArn: principal,
            accessPolicies: {
                AmazonEKSViewPolicy: {
                    policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
                    accessScope: { type: "namespace", namespaces: ["ecommerce"] },
                },
            },
        });
    });

    it("is not deleted by mistake, and stays in standard support", () => {
        assert.deepEqual(
            [cluster["deletionProtection"], cluster["upgradePolicy"]],
            [true, { supportType: "STANDARD" }],
        );
    });

    it("leaves nodes and add-ons to us: pinned, and visible in the plan", () => {
        assert.equal(cluster["skipDefaultNodeGroup"], true);
        assert.equal(cluster["bootstrapSelfManagedAddons"], false);
        for (const options of ["corednsAddonOptions", "kubeProxyAddonOptions"])
            assert.equal((cluster[options] as { enabled: boolean }).enabled, false, options);
    });
});

describe("AWS: who reaches whom", function () {
    this.timeout(60_000);
    let resources: Recorded[];
    before(async () => (resources = await recordCluster()));

    const admitted = (group: string) =>
        ofType(resources, INGRESS)
            .filter(({ inputs }) => inputs["securityGroupId"] === `${group}-id`)
            .map(({ inputs }) => [inputs["referencedSecurityGroupId"] ?? inputs["cidrIpv4"], inputs["fromPort"]])
            .sort();

    it("P9 the nodes admit the control plane to istiod's 15017 and 15012, and to what else it calls, by single ports", () => {
        assert.deepEqual(admitted("cluster-nodes"), [
            ["cluster-control-plane-id", 10250],
            ["cluster-control-plane-id", 10251],
            ["cluster-control-plane-id", 15012],
            ["cluster-control-plane-id", 15017],
            ["cluster-control-plane-id", 9443],
            ["cluster-nodes-id", undefined],
        ]);
        for (const { inputs } of ofType(resources, INGRESS)) assert.equal(inputs["fromPort"], inputs["toPort"]);
    });

    it("P9 and the control plane may open these connections", () => {
        const reached = ofType(resources, EGRESS)
            .filter(({ inputs }) => inputs["securityGroupId"] === "cluster-control-plane-id")
            .map(({ inputs }) => inputs["fromPort"]);
        assert.deepEqual(reached, [10250, 15017, 15012, 10251, 9443]);
    });

    it("the API server admits nodes, and networks that are named", async () => {
        assert.deepEqual(admitted("cluster-control-plane"), [["cluster-nodes-id", 443]]);
        const peered = await recordCluster(otherwise);
        const rule = one(peered, INGRESS, "cluster-control-plane-from-network-0").inputs;
        assert.deepEqual([rule["cidrIpv4"], rule["fromPort"], rule["toPort"]], ["10.0.0.0/16", 443, 443]);
    });

    it("P3 exactly one security group of a node is the one that load balancers are admitted to", () => {
        const tagged = ofType(resources, "ec2/securityGroup:SecurityGroup").filter(
            ({ inputs }) => "kubernetes.io/cluster/c4ang-eks-cluster" in (inputs["tags"] as object),
        );
        assert.deepEqual(
            tagged.map(({ name }) => name),
            ["cluster-nodes"],
        );
        const { vpcSecurityGroupIds } = one(resources, "ec2/launchTemplate:LaunchTemplate").inputs;
        assert.deepEqual(vpcSecurityGroupIds, ["cluster-nodes-id"]);
    });
});

describe("AWS: the nodes", function () {
    this.timeout(60_000);
    let resources: Recorded[];
    before(async () => (resources = await recordCluster()));

    it("P1 three nodes over three zones: a managed node group a zone", () => {
        const groups = ofType(resources, "eks/nodeGroup:NodeGroup").map(({ inputs }) => inputs);
        assert.deepEqual(
            groups.map(({ subnetIds, scalingConfig }) => [subnetIds, scalingConfig]),
            ["a", "b", "c"].map((zone) => [
                [`cluster-pods-ap-northeast-2${zone}-id`],
                { minSize: 1, desiredSize: 1, maxSize: 3 },
            ]),
        );
        for (const { version, amiType, capacityType } of groups)
            assert.deepEqual([version, amiType, capacityType], ["1.35", "BOTTLEROCKET_x86_64", "ON_DEMAND"]);
    });

    it("their metadata asks for a session token, and does not answer pods", () => {
        const { metadataOptions } = one(resources, "ec2/launchTemplate:LaunchTemplate").inputs;
        assert.deepEqual(metadataOptions, {
            httpEndpoint: "enabled",
            httpTokens: "required",
            httpPutResponseHopLimit: 1,
        });
    });

    it("every volume is encrypted gp3, whatever the operating system", async () => {
        const volumes = (run: readonly Recorded[]) => {
            const { blockDeviceMappings } = one(run, "ec2/launchTemplate:LaunchTemplate").inputs as {
                blockDeviceMappings: { deviceName: string; ebs: Record<string, unknown> }[];
            };
            return blockDeviceMappings.map(({ deviceName, ebs }) => [
                deviceName,
                ebs["volumeType"],
                ebs["encrypted"],
                ebs["volumeSize"],
            ]);
        };
        assert.deepEqual(volumes(resources), [
            ["/dev/xvda", "gp3", "true", 4],
            ["/dev/xvdb", "gp3", "true", 50],
        ]);
        assert.deepEqual(volumes(await recordCluster(otherwise)), [["/dev/xvda", "gp3", "true", 50]]);
    });

    it("there is no SSH: no key, no remote access, no rule for port 22", () => {
        assert.ok(!("keyName" in one(resources, "ec2/launchTemplate:LaunchTemplate").inputs));
        for (const { inputs } of ofType(resources, "eks/nodeGroup:NodeGroup")) assert.ok(!("remoteAccess" in inputs));
        assert.ok(ofType(resources, INGRESS).every(({ inputs }) => inputs["fromPort"] !== 22));
    });

    it("their role can join the cluster and pull images; addresses and volumes are the pods' own roles", () => {
        const policies = (role: string) =>
            ofType(resources, "iam/rolePolicyAttachment:RolePolicyAttachment")
                .filter(({ name }) => name.startsWith(`${role}-Amazon`))
                .map(({ inputs }) => String(inputs["policyArn"]).split("/").at(-1));
        assert.deepEqual(policies("cluster-nodes"), [
            "AmazonEKSWorkerNodePolicy",
            "AmazonEC2ContainerRegistryPullOnly",
        ]);
        assert.deepEqual(policies("cluster-vpc-cni"), ["AmazonEKS_CNI_Policy"]);
        assert.deepEqual(policies("cluster-ebs-csi"), ["AmazonEBSCSIDriverPolicy"]);
    });
});

describe("AWS: add-ons", function () {
    this.timeout(60_000);
    let resources: Recorded[];
    before(async () => (resources = await recordCluster()));

    it("are pinned", () => {
        const versions = ofType(resources, "eks/addon:Addon").map(({ inputs }) => [
            inputs["addonName"],
            inputs["addonVersion"],
        ]);
        assert.deepEqual(Object.fromEntries(versions), {
            "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
            "vpc-cni": "v1.21.1-eksbuild.8",
            "kube-proxy": "v1.35.3-eksbuild.5",
            coredns: "v1.14.2-eksbuild.4",
            "aws-ebs-csi-driver": "v1.59.0-eksbuild.1",
            "metrics-server": "v0.8.1-eksbuild.6",
        });
    });

    it("S6 the network add-on enforces NetworkPolicies", () => {
        const { configurationValues } = one(resources, "eks/addon:Addon", "cluster-vpc-cni").inputs;
        assert.equal(JSON.parse(String(configurationValues)).enableNetworkPolicy, "true");
    });

    it("those of the nodes come before the nodes, the others after them", () => {
        const position = (type: string, name: string) => resources.indexOf(one(resources, type, name));
        const [first, last] = ["a", "c"].map((zone) =>
            position("eks/nodeGroup:NodeGroup", `cluster-ap-northeast-2${zone}`),
        );
        for (const name of ["eks-pod-identity-agent", "vpc-cni", "kube-proxy"])
            assert.ok(position("eks/addon:Addon", `cluster-${name}`) < first!, name);
        for (const name of ["coredns", "aws-ebs-csi-driver", "metrics-server"])
            assert.ok(position("eks/addon:Addon", `cluster-${name}`) > last!, name);
    });

    it("pods get their roles by Pod Identity, by namespace and service account", () => {
        const associations = ofType(resources, "eks/podIdentityAssociation:PodIdentityAssociation").map(
            ({ inputs }) => `${String(inputs["namespace"])}/${String(inputs["serviceAccount"])}`,
        );
        assert.deepEqual(associations.sort(), [
            "kube-system/aws-load-balancer-controller",
            "kube-system/aws-node",
            "kube-system/ebs-csi-controller-sa",
        ]);
        const { TakenByTheService } = statements(
            one(resources, "iam/role:Role", "cluster-vpc-cni").inputs["assumeRolePolicy"],
        );
        assert.deepEqual(TakenByTheService!["Principal"], { Service: "pods.eks.amazonaws.com" });
    });
});

describe("AWS: the Load Balancer Controller", function () {
    this.timeout(60_000);
    let resources: Recorded[];
    let allowed: Record<string, Record<string, unknown>>;
    before(async () => {
        resources = await recordCluster();
        const name = "cluster-load-balancer-controller";
        allowed = statements(one(resources, "iam/rolePolicy:RolePolicy", name).inputs["policy"]);
    });

    it("P3 is pinned, knows cluster, region and VPC, and makes network load balancers alone", () => {
        const { chart, version, values } = one(resources, "kubernetes:helm.sh/v3:Release").inputs as {
            chart: string;
            version: string;
            values: Record<string, unknown>;
        };
        assert.deepEqual([chart, version], ["aws-load-balancer-controller", "3.5.0"]);
        assert.deepEqual(
            [values["clusterName"], values["region"], values["vpcId"]],
            ["c4ang-eks-cluster", "ap-northeast-2", "cluster-id"],
        );
        assert.deepEqual(
            [values["createIngressClassResource"], values["enableShield"], values["enableWafv2"]],
            [false, false, false],
        );
    });

    it("P3 changes nothing but what carries the tag of this cluster", () => {
        const changing = Object.entries(allowed).filter(
            ([, { Action }]) => !(Action as string[]).every((action) => /:(Describe|Get)/.test(action)),
        );
        const free = changing.filter(
            ([, { Condition }]) => !JSON.stringify(Condition ?? {}).includes('"c4ang-eks-cluster"'),
        );
        assert.deepEqual(
            free.map(([sid, { Resource }]) => [sid, Resource]),
            [
                [
                    "FirstLoadBalancerOfAnAccount",
                    ["arn:aws:iam::111122223333:role/aws-service-role/elasticloadbalancing.amazonaws.com/*"],
                ],
                ["InItsNetwork", ["arn:aws:ec2:ap-northeast-2:111122223333:vpc/cluster-id"]],
                ["AdmitLoadBalancersToTheNodes", ["arn:cluster-nodes"]],
            ],
        );
    });

    it("names every action, and every resource of those that change something", () => {
        for (const [sid, { Action, Resource }] of Object.entries(allowed)) {
            assert.ok(
                (Action as string[]).every((action) => !action.includes("*")),
                sid,
            );
            if (sid !== "Look")
                assert.ok(
                    (Resource as string[]).every((arn) => arn.startsWith("arn:")),
                    sid,
                );
        }
    });
});
