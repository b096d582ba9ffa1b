import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { admit, createSecurityGroup } from "../security-group";

/** Ways to services of AWS that do not lead over the internet. */
export interface EndpointsArgs {
    region: string;
    vpcId: pulumi.Input<string>;
    /** Addresses of the VPC: who may use the endpoints. */
    cidr: string;
    /** Services that get a network interface in every subnet, such as `ecr.dkr`. */
    services: readonly string[];
    /** Subnets of these interfaces, one a zone. */
    subnetIds: readonly pulumi.Input<string>[];
    /** Route tables from which S3 is reached. */
    routeTableIds: readonly pulumi.Input<string>[];
}

/** S3, where ECR keeps the layers of images, by a gateway that costs nothing; the others by interfaces. */
export function createEndpoints(
    name: string,
    args: EndpointsArgs,
    opts: pulumi.CustomResourceOptions,
): pulumi.CustomResource[] {
    const { region, vpcId, cidr, services, subnetIds, routeTableIds } = args;
    const service = (id: string) => `com.amazonaws.${region}.${id}`;
    const s3 = new aws.ec2.VpcEndpoint(
        `${name}-s3`,
        {
            vpcId,
            serviceName: service("s3"),
            vpcEndpointType: "Gateway",
            routeTableIds: [...routeTableIds],
            tags: { Name: `${name}-s3` },
        },
        opts,
    );
    if (services.length === 0) return [s3];
    const group = createSecurityGroup(`${name}-endpoints`, { vpcId, description: "Private endpoints of AWS" }, opts);
    const rules = admit(
        `${name}-endpoints`,
        group,
        [{ name: "vpc", description: "HTTPS from the VPC", port: 443, peer: { cidr } }],
        opts,
    );
    const interfaces = services.map(
        (id) =>
            new aws.ec2.VpcEndpoint(
                `${name}-${id}`,
                {
                    vpcId,
                    serviceName: service(id),
                    vpcEndpointType: "Interface",
                    privateDnsEnabled: true,
                    subnetIds: [...subnetIds],
                    securityGroupIds: [group.id],
                    tags: { Name: `${name}-${id}` },
                },
                opts,
            ),
    );
    return [s3, ...rules, ...interfaces];
}
