import { strict as assert } from "node:assert";
import * as pulumi from "@pulumi/pulumi";
import { EksCluster } from "../../../components/cluster/eks/eks-cluster";
import type { LoadBalancer } from "../../../components/cluster/cluster";
import { gatewayDeployment, gatewayServices } from "../../../components/mesh/ingress-gateway";
import { mesh } from "../../../components/config/mesh";
import { ofType, one, record, statements, type Recorded } from "../../support/aws";
import { eksConfig, otherwise } from "./cluster";

interface Balancer extends LoadBalancer {
    /** Without their common beginning. */
    annotations: Record<string, string>;
}

/** What a cluster with some names registers, and its load balancer. */
async function published(values: Parameters<typeof eksConfig>[0] = {}): Promise<[Recorded[], Balancer]> {
    let cluster!: EksCluster;
    const resources = await record(() => {
        cluster = new EksCluster("cluster", {
            config: eksConfig(values),
            publicHosts: ["api.c4ang.com", "secure.c4ang.com"],
            gatewayHealth: { port: 15021, path: "/healthz/ready" },
        });
        cluster.publish(pulumi.output("balancer.elb.ap-northeast-2.amazonaws.com"));
    });
    const { annotations, ...rest } = cluster.loadBalancer;
    const known = await new Promise<object>((resolve) => pulumi.output(annotations).apply(resolve));
    const short = Object.entries(known).map(([key, value]) => [key.replace("service.beta.kubernetes.io/", ""), value]);
    return [resources, { ...rest, annotations: Object.fromEntries(short) as Record<string, string> }];
}

/** Recorded once for all tests: by default, and with everything chosen otherwise. */
let resources: Recorded[];
let annotations: Record<string, string>;
let otherResources: Recorded[];
let other: Balancer;
before(async function () {
    this.timeout(120_000);
    [resources, { annotations }] = await published();
    [otherResources, other] = await published(otherwise);
});

/** `a=1,b=2` as an object. */
const settings = (text: string | undefined) => Object.fromEntries((text ?? "").split(",").map((one) => one.split("=")));

describe("AWS: the load balancer", () => {
    it("P3 faces the internet with one subnet a zone, and sends to the pods of all zones", () => {
        assert.equal(annotations["aws-load-balancer-scheme"], "internet-facing");
        assert.equal(annotations["aws-load-balancer-nlb-target-type"], "ip");
        assert.equal(
            annotations["aws-load-balancer-subnets"],
            ["a", "b", "c"].map((zone) => `cluster-entrance-ap-northeast-2${zone}-id`).join(","),
        );
        assert.equal(
            settings(annotations["aws-load-balancer-attributes"])["load_balancing.cross_zone.enabled"],
            "true",
        );
    });

    it("P3 asks the gateway's status port 15021 whether it is ready", () => {
        assert.deepEqual(
            ["port", "protocol", "path"].map((key) => annotations[`aws-load-balancer-healthcheck-${key}`]),
            ["15021", "http", "/healthz/ready"],
        );
    });

    it("P5 ends TLS with the certificate of ACM, 1.2 and newer, and encrypts anew to the gateway", () => {
        assert.equal(annotations["aws-load-balancer-ssl-cert"], "arn:cluster");
        assert.equal(annotations["aws-load-balancer-ssl-ports"], "443");
        assert.equal(annotations["aws-load-balancer-ssl-negotiation-policy"], "ELBSecurityPolicy-TLS13-1-2-2021-06");
        assert.equal(annotations["aws-load-balancer-backend-protocol"], "ssl");
    });

    it("P5 or passes TLS on to the gateway, and then there is no certificate of ACM", () => {
        assert.ok(!("aws-load-balancer-ssl-cert" in other.annotations));
        assert.equal(other.endsTls, false);
        assert.deepEqual(ofType(otherResources, "acm/certificate:Certificate"), []);
    });

    it("P3 tells the client's address by the connection, or by the proxy protocol with a check that only connects", () => {
        const attributes = settings(annotations["aws-load-balancer-target-group-attributes"]);
        assert.deepEqual(
            [attributes["preserve_client_ip.enabled"], attributes["proxy_protocol_v2.enabled"]],
            ["true", "false"],
        );
        const changed = settings(other.annotations["aws-load-balancer-target-group-attributes"]);
        assert.deepEqual(
            [changed["preserve_client_ip.enabled"], changed["proxy_protocol_v2.enabled"]],
            ["false", "true"],
        );
        assert.equal(other.annotations["aws-load-balancer-healthcheck-protocol"], "tcp");
        assert.equal(other.proxyProtocol, true);
    });

    it("is not deleted by mistake; who may connect is configured", () => {
        assert.equal(settings(annotations["aws-load-balancer-attributes"])["deletion_protection.enabled"], "true");
        assert.equal(other.annotations["load-balancer-source-ranges"], "203.0.113.0/24");
    });

    it("writes access logs to a bucket that is private, encrypted, and written to by this account's log delivery alone", () => {
        const attributes = settings(annotations["aws-load-balancer-attributes"]);
        assert.deepEqual(
            [attributes["access_logs.s3.enabled"], attributes["access_logs.s3.bucket"]],
            ["true", "cluster-access-logs-id"],
        );
        const { blockPublicAcls, blockPublicPolicy, ignorePublicAcls, restrictPublicBuckets } = one(
            resources,
            "s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        ).inputs;
        assert.deepEqual(
            [blockPublicAcls, blockPublicPolicy, ignorePublicAcls, restrictPublicBuckets],
            [true, true, true, true],
        );
        const type = "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration";
        assert.deepEqual(one(resources, type).inputs["rules"], [
            { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } },
        ]);
        const policy = statements(one(resources, "s3/bucketPolicy:BucketPolicy").inputs["policy"]);
        assert.equal(policy["EncryptedTransport"]!["Effect"], "Deny");
        assert.deepEqual(policy["DeliverLogs"]!["Resource"], ["arn:cluster-access-logs/AWSLogs/111122223333/*"]);
        assert.deepEqual(policy["DeliverLogs"]!["Principal"], { Service: "delivery.logs.amazonaws.com" });
    });
});

describe("AWS: the ingress gateway behind a load balancer", () => {
    const { ingressGateway } = mesh.parse({ ingressGateway: { serviceType: "LoadBalancer" } });
    const loadBalancer = {
        className: "service.k8s.aws/nlb",
        annotations: { key: "value" },
        proxyProtocol: true,
        drainSeconds: 30,
        after: [],
    };

    it("P3 P10 one Service of the load balancer's class, with HTTP and HTTPS and without the status port", () => {
        const [service, ...others] = gatewayServices(ingressGateway, loadBalancer);
        assert.deepEqual(others, []);
        const { metadata, spec } = service as unknown as {
            metadata: { annotations: object };
            spec: Record<string, unknown> & { ports: { port: number; targetPort: number }[] };
        };
        assert.deepEqual(metadata.annotations, { key: "value" });
        assert.deepEqual(
            [spec["type"], spec["loadBalancerClass"], spec["allocateLoadBalancerNodePorts"]],
            ["LoadBalancer", "service.k8s.aws/nlb", false],
        );
        assert.deepEqual(
            spec.ports.map(({ port, targetPort }) => [port, targetPort]),
            [
                [80, 8080],
                [443, 8443],
            ],
        );
    });

    it("P3 a pod that is being removed goes on as long as the load balancer sends to it", () => {
        const { terminationGracePeriodSeconds, containers } = gatewayDeployment(ingressGateway, { loadBalancer }).spec
            .template.spec;
        const { lifecycle } = containers[0] as { lifecycle?: object };
        assert.deepEqual([lifecycle, terminationGracePeriodSeconds], [{ preStop: { sleep: { seconds: 30 } } }, 60]);
        const target = settings(annotations["aws-load-balancer-target-group-attributes"]);
        assert.equal(target["deregistration_delay.timeout_seconds"], "30");
        assert.ok(!("lifecycle" in gatewayDeployment(ingressGateway).spec.template.spec.containers[0]!));
    });

    it("P3 reads the proxy protocol where the load balancer speaks it, and only there", () => {
        const annotations = (balancer?: typeof loadBalancer) =>
            gatewayDeployment(ingressGateway, { loadBalancer: balancer }).spec.template.metadata.annotations as Record<
                string,
                string
            >;
        assert.deepEqual(JSON.parse(annotations(loadBalancer)["proxy.istio.io/config"]!), {
            gatewayTopology: { proxyProtocol: {} },
        });
        assert.ok(!("proxy.istio.io/config" in annotations()));
        assert.ok(!("proxy.istio.io/config" in annotations({ ...loadBalancer, proxyProtocol: false })));
    });
});

describe("AWS: names and certificate", () => {
    it("P5 one certificate for all public names, proved by records in the zone, and used once it is issued", () => {
        const { domainName, subjectAlternativeNames, validationMethod } = one(
            resources,
            "acm/certificate:Certificate",
        ).inputs;
        assert.deepEqual(
            [domainName, subjectAlternativeNames, validationMethod],
            ["api.c4ang.com", ["secure.c4ang.com"], "DNS"],
        );
        const proofs = ofType(resources, "route53/record:Record").filter(({ inputs }) => inputs["type"] === "CNAME");
        assert.deepEqual(
            proofs.map(({ inputs }) => [inputs["name"], inputs["records"], inputs["zoneId"]]),
            ["api.c4ang.com", "secure.c4ang.com"].map((host) => [
                `_proof.${host}`,
                [`_value.${host}`],
                "Z0123456789ABCDEFGHIJ",
            ]),
        );
        const issued = one(resources, "acm/certificateValidation:CertificateValidation").inputs;
        assert.equal(issued["certificateArn"], "arn:cluster");
    });

    it("P4 every public name is an alias of the load balancer", () => {
        const aliases = ofType(resources, "route53/record:Record").filter(({ inputs }) => inputs["type"] === "A");
        assert.deepEqual(
            aliases.map(({ inputs }) => [inputs["name"], inputs["aliases"]]),
            ["api.c4ang.com", "secure.c4ang.com"].map((host) => [
                host,
                [
                    {
                        name: "balancer.elb.ap-northeast-2.amazonaws.com",
                        zoneId: "ZNLB",
                        evaluateTargetHealth: true,
                    },
                ],
            ]),
        );
    });

    it("P4 Route 53 asks over HTTPS whether the platform answers", () => {
        const { type, fqdn, port, resourcePath, failureThreshold, requestInterval } = one(
            resources,
            "route53/healthCheck:HealthCheck",
        ).inputs;
        assert.deepEqual(
            [type, fqdn, port, resourcePath, failureThreshold, requestInterval],
            ["HTTPS", "api.c4ang.com", 443, "/api/v1/customers/health", 3, 30],
        );
    });
});
