import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { EksDomainConfig } from "../../config/eks-entrance";

/** The public names of the platform (P4). */
export interface PublicNamesArgs {
    /** The stack's configuration under `istio-platform:cluster.domain`. */
    config: EksDomainConfig;
    /** All names that lead to the load balancer. */
    hosts: readonly string[];
    region: string;
    /** Name of the load balancer, as AWS made it. */
    loadBalancer: pulumi.Input<string>;
}

/**
 * A record for each name that follows the load balancer's addresses wherever they go, and a check from outside, asked
 * over HTTPS, whose state is a metric of CloudWatch.
 */
export class PublicNames extends pulumi.ComponentResource {
    readonly resources: readonly pulumi.CustomResource[];

    constructor(name: string, args: PublicNamesArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:aws:PublicNames", name, {}, opts);
        const { config, hosts, region, loadBalancer } = args;
        const child = { parent: this };
        const { host, zoneId, healthCheck } = config;
        const check = new aws.route53.HealthCheck(
            name,
            {
                type: "HTTPS",
                fqdn: host,
                port: 443,
                resourcePath: healthCheck.path,
                enableSni: true,
                failureThreshold: healthCheck.failures,
                requestInterval: healthCheck.everySeconds,
                measureLatency: true,
                tags: { Name: host },
            },
            child,
        );
        // The zone that AWS keeps the names of its network load balancers in.
        const balancers = aws.lb.getHostedZoneIdOutput({ region, loadBalancerType: "network" }, child);
        const records = hosts.map(
            (one) =>
                new aws.route53.Record(
                    `${name}-${one}`,
                    {
                        zoneId,
                        name: one,
                        type: "A",
                        aliases: [{ name: loadBalancer, zoneId: balancers.id, evaluateTargetHealth: true }],
                    },
                    child,
                ),
        );
        this.resources = [check, ...records];
        this.registerOutputs({});
    }
}
