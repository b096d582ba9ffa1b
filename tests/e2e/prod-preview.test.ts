import assert from "node:assert/strict";
import { RunningCommand } from "./command";

/** The whole program for EKS through Pulumi's real engine; on closed networks with stand-ins for AWS, which say so. */
describe("preview of prod", function () {
    this.timeout("5m");

    it("P1 P3 P4 P5 P6 plans every resource, under the policy pack, without an account", async () => {
        const { code, output } = await new RunningCommand(["preview", "--stack", "prod"]).wait();
        assert.equal(code, 0, output);
        assert.match(output, /✅ istio-platform@/);
        assert.doesNotMatch(output, /❌|⚠️/);
        for (const [type, count] of Object.entries({
            "eks:index:Cluster": 1,
            "aws:eks:NodeGroup": 3,
            "aws:eks:Addon": 6,
            "aws:ec2:NatGateway": 3,
            "aws:rds:Instance": 1,
            "aws:elasticache:ReplicationGroup": 1,
            "aws:acm:CertificateValidation": 1,
            "aws:route53:HealthCheck": 1,
            "kubernetes:helm.sh/v3:Release": 1,
        })) {
            const planned = output.match(new RegExp(`\\+ +${type} \\S+ create *$`, "gm")) ?? [];
            assert.equal(planned.length, count, `${type}: ${planned.join("\n")}`);
        }
    });
});
