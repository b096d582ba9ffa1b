import * as pulumi from "@pulumi/pulumi";
import type { EksLoadBalancerConfig } from "../../config/eks-entrance";

/** The network load balancer before the ingress gateway, as annotations of its Service (P3). */
export interface LoadBalancerArgs {
    /** The stack's configuration under `istio-platform:cluster.loadBalancer`. */
    config: EksLoadBalancerConfig;
    /** Name of the cluster: beginning of the load balancer's. */
    clusterName: string;
    /** Public subnets, one a zone: the load balancer has an address in each. */
    subnetIds: readonly pulumi.Input<string>[];
    /** Bucket of the access logs. */
    logBucket: pulumi.Input<string>;
    /**
     * Certificate of ACM.
     * @default TLS passes through to the gateway
     */
    certificateArn?: pulumi.Input<string>;
    /** Where the gateway says whether it is ready. */
    health: { port: number; path: string };
    /** Tags of everything that the load balancer is made of. */
    tags: Readonly<Record<string, string>>;
}

/** Seconds that a pod which is being removed still gets requests: it has to go on that long, too. */
export const DRAIN_SECONDS = 30;

const PREFIX = "service.beta.kubernetes.io";

/**
 * Annotations that the AWS Load Balancer Controller makes the load balancer from: it faces the internet with one address
 * a zone, sends to pods of all zones, asks each pod's status port whether it is ready, and writes access logs.
 */
export function loadBalancerAnnotations(args: LoadBalancerArgs): Record<string, pulumi.Input<string>> {
    const { config, clusterName, subnetIds, logBucket, health, tags } = args;
    const preserved = config.clientAddress === "preserved";
    const of = (settings: Record<string, string | number | boolean>) =>
        Object.entries(settings)
            .map(([key, value]) => `${key}=${value}`)
            .join(",");
    const attributes = of({
        "load_balancing.cross_zone.enabled": true,
        "deletion_protection.enabled": config.deletionProtection,
        "access_logs.s3.enabled": true,
    });
    return annotate({
        "aws-load-balancer-name": `${clusterName}-ingress`.slice(0, 32),
        "aws-load-balancer-scheme": "internet-facing",
        "aws-load-balancer-nlb-target-type": "ip",
        "aws-load-balancer-subnets": pulumi.all([...subnetIds]).apply((ids) => ids.join(",")),
        "load-balancer-source-ranges": config.allowedCidrs.join(","),
        "aws-load-balancer-attributes": pulumi.interpolate`${attributes},access_logs.s3.bucket=${logBucket}`,
        "aws-load-balancer-target-group-attributes": of({
            "preserve_client_ip.enabled": preserved,
            "proxy_protocol_v2.enabled": !preserved,
            "deregistration_delay.timeout_seconds": DRAIN_SECONDS,
            "deregistration_delay.connection_termination.enabled": true,
        }),
        "aws-load-balancer-healthcheck-port": String(health.port),
        "aws-load-balancer-healthcheck-interval": "10",
        "aws-load-balancer-healthcheck-healthy-threshold": "2",
        "aws-load-balancer-healthcheck-unhealthy-threshold": "2",
        // With the proxy protocol the check begins with its header, too, which the status port takes for a bad request.
        ...(preserved
            ? { "aws-load-balancer-healthcheck-protocol": "http", "aws-load-balancer-healthcheck-path": health.path }
            : { "aws-load-balancer-healthcheck-protocol": "tcp" }),
        ...tlsAnnotations(args),
        ...(Object.keys(tags).length > 0 && { "aws-load-balancer-additional-resource-tags": of(tags) }),
    });
}

/** TLS that ends at the load balancer and begins anew to the gateway. */
function tlsAnnotations({ config, certificateArn }: LoadBalancerArgs): Record<string, pulumi.Input<string>> {
    if (certificateArn === undefined) return {};
    return {
        "aws-load-balancer-ssl-cert": certificateArn,
        "aws-load-balancer-ssl-ports": "443",
        "aws-load-balancer-ssl-negotiation-policy": config.tlsPolicy,
        "aws-load-balancer-backend-protocol": "ssl",
    };
}

const annotate = (annotations: Record<string, pulumi.Input<string>>) =>
    Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`${PREFIX}/${name}`, value]));
