import { strict as assert } from "node:assert";
import { inputProblems } from "../../schemas/package-types";
import { one, type Recorded } from "../../support/aws";
import { otherwise, recordCluster } from "./cluster";

describe("AWS: every input is one that the provider knows", function () {
    this.timeout(300_000);
    let resources: Recorded[];
    before(async () => (resources = [...(await recordCluster()), ...(await recordCluster(otherwise))]));

    it("by the types of Pulumi's packages, which are made from the providers' schemas; and the check notices mistakes", () => {
        const broken = (type: string, change: (inputs: Record<string, unknown>) => void): Recorded => {
            const resource = structuredClone(one(resources.slice(0, resources.length / 2), type));
            change(resource.inputs);
            return { ...resource, name: "broken" };
        };
        const mistakes = [
            broken("ec2/vpc:Vpc", (inputs) => (inputs["cidrBlok"] = "10.0.0.0/16")),
            broken(
                "ec2/launchTemplate:LaunchTemplate",
                (inputs) => (inputs["metadataOptions"] = { httpToken: "required" }),
            ),
            broken("ec2/flowLog:FlowLog", (inputs) => (inputs["maxAggregationInterval"] = "60")),
            broken("acm/certificateValidation:CertificateValidation", (inputs) => delete inputs["certificateArn"]),
            broken("eks:index:Cluster", (inputs) => (inputs["enabledClusterLogType"] = [])),
        ];
        const problems = inputProblems([...resources, ...mistakes]);
        assert.deepEqual(
            problems.filter((problem) => !problem.includes(" broken: ")),
            [],
        );
        const found = (text: RegExp) =>
            assert.ok(
                problems.some((problem) => text.test(problem)),
                problems.join("\n"),
            );
        found(/ec2\/vpc:Vpc broken: .*cidrBlok/);
        found(/launchTemplate:LaunchTemplate broken: .*httpToken/);
        found(/flowLog:FlowLog broken: .*(string|number)/);
        found(/certificateValidation:CertificateValidation broken: .*certificateArn/);
        found(/eks:index:Cluster broken: .*enabledClusterLogType/);
    });
});
