import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { EksNetworkConfig } from "../../config/eks-network";
import { addressPlan, type ZoneAddresses } from "../../config/address-plan";
import { createEndpoints } from "./endpoints";
import { recordFlows } from "./flow-logs";

/** The network of a cluster. */
export interface NetworkArgs {
    /** The stack's configuration under `istio-platform:cluster.network`. */
    config: EksNetworkConfig;
    /** Name of the cluster: beginning of the names. */
    clusterName: string;
    /** AWS region. */
    region: string;
    /** Full names of the availability zones. */
    zones: readonly string[];
    /** Key that the flow logs are encrypted with. */
    logKeyArn: pulumi.Input<string>;
}

/** The subnets of one availability zone. */
export interface Zone {
    readonly name: string;
    readonly pods: aws.ec2.Subnet;
    readonly entrance: aws.ec2.Subnet;
    readonly data: aws.ec2.Subnet;
}

/**
 * A VPC with three subnets a zone: nodes and pods, which reach the internet through a NAT gateway; load balancers, which
 * the internet reaches; data stores, which have no way out at all.
 */
export class Network extends pulumi.ComponentResource {
    readonly vpcId: pulumi.Output<string>;
    readonly zones: readonly Zone[];
    /** What pods need to reach images and AWS: nodes wait for it. */
    readonly waysOut: readonly pulumi.CustomResource[];

    constructor(
        private readonly name: string,
        private readonly args: NetworkArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("istio-platform:aws:Network", name, {}, opts);
        const { config, zones, region, logKeyArn } = args;
        const vpc = this.createVpc();
        this.vpcId = vpc.id;
        const plan = addressPlan(config.cidr, zones.length);
        this.zones = zones.map((zone, index) => this.createZone(vpc, zone, plan[index]!));
        const { routeTables, waysOut } = this.createRoutes(vpc);
        const endpoints = createEndpoints(
            name,
            {
                region,
                vpcId: vpc.id,
                cidr: config.cidr,
                services: config.interfaceEndpoints,
                subnetIds: this.zones.map(({ pods }) => pods.id),
                routeTableIds: routeTables.map(({ id }) => id),
            },
            { parent: this },
        );
        recordFlows(
            name,
            { vpcId: vpc.id, clusterName: args.clusterName, keyArn: logKeyArn, ...config.flowLogs },
            { parent: this },
        );
        this.waysOut = [...waysOut, ...endpoints];
        this.registerOutputs({ vpcId: this.vpcId });
    }

    private createVpc(): aws.ec2.Vpc {
        const { cidr } = this.args.config;
        const vpc = new aws.ec2.Vpc(
            this.name,
            {
                cidrBlock: cidr,
                // Private endpoints are found by their public names.
                enableDnsSupport: true,
                enableDnsHostnames: true,
                tags: this.tags(),
            },
            { parent: this },
        );
        // What names no security group gets this one: it admits nothing.
        new aws.ec2.DefaultSecurityGroup(
            this.name,
            { vpcId: vpc.id, ingress: [], egress: [], tags: this.tags("default") },
            { parent: this },
        );
        return vpc;
    }

    private createZone(vpc: aws.ec2.Vpc, zone: string, addresses: ZoneAddresses): Zone {
        const subnet = (use: keyof ZoneAddresses, tags: Record<string, string> = {}) =>
            new aws.ec2.Subnet(
                `${this.name}-${use}-${zone}`,
                {
                    vpcId: vpc.id,
                    availabilityZone: zone,
                    cidrBlock: addresses[use],
                    mapPublicIpOnLaunch: false,
                    tags: { ...this.tags(`${use}-${zone}`), ...tags },
                },
                { parent: this },
            );
        // By these tags load balancers find their subnets (P3).
        return {
            name: zone,
            pods: subnet("pods", { "kubernetes.io/role/internal-elb": "1" }),
            entrance: subnet("entrance", { "kubernetes.io/role/elb": "1" }),
            data: subnet("data"),
        };
    }

    /** The ways between the subnets and the internet. */
    private createRoutes(vpc: aws.ec2.Vpc) {
        const opts = { parent: this };
        const internet = new aws.ec2.InternetGateway(this.name, { vpcId: vpc.id, tags: this.tags() }, opts);
        const outside = this.createRouteTable(vpc, "entrance", { gatewayId: internet.id });
        const entrances = this.zones.map(({ name, entrance }) =>
            this.associate(`entrance-${name}`, entrance, outside.table),
        );
        const gateways = this.zones
            .slice(0, this.args.config.natGateways === "one" ? 1 : undefined)
            .map(({ name, entrance }) =>
                this.createNatGateway(name, entrance, [internet, outside.route, ...entrances]),
            );
        const inside = this.zones.map(({ name, pods }, index) => {
            const gateway = gateways[index] ?? gateways[0]!;
            const way = this.createRouteTable(vpc, `pods-${name}`, { natGatewayId: gateway.id });
            return { ...way, association: this.associate(`pods-${name}`, pods, way.table) };
        });
        const closed = new aws.ec2.RouteTable(`${this.name}-data`, { vpcId: vpc.id, tags: this.tags("data") }, opts);
        for (const { name, data } of this.zones) this.associate(`data-${name}`, data, closed);
        return {
            routeTables: inside.map(({ table }) => table),
            waysOut: [...gateways, ...inside.flatMap(({ route, association }) => [route, association])],
        };
    }

    /** A route table with the way to the internet in a resource of its own. */
    private createRouteTable(
        vpc: aws.ec2.Vpc,
        use: string,
        target: Pick<aws.ec2.RouteArgs, "gatewayId" | "natGatewayId">,
    ) {
        const opts = { parent: this };
        const table = new aws.ec2.RouteTable(`${this.name}-${use}`, { vpcId: vpc.id, tags: this.tags(use) }, opts);
        const route = new aws.ec2.Route(
            `${this.name}-${use}`,
            { routeTableId: table.id, destinationCidrBlock: "0.0.0.0/0", ...target },
            opts,
        );
        return { table, route };
    }

    private associate(use: string, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable) {
        return new aws.ec2.RouteTableAssociation(
            `${this.name}-${use}`,
            { subnetId: subnet.id, routeTableId: table.id },
            { parent: this },
        );
    }

    private createNatGateway(zone: string, subnet: aws.ec2.Subnet, dependsOn: pulumi.Resource[]) {
        const address = new aws.ec2.Eip(
            `${this.name}-nat-${zone}`,
            { domain: "vpc", tags: this.tags(`nat-${zone}`) },
            { parent: this },
        );
        return new aws.ec2.NatGateway(
            `${this.name}-${zone}`,
            { subnetId: subnet.id, allocationId: address.id, tags: this.tags(`nat-${zone}`) },
            { parent: this, dependsOn },
        );
    }

    private tags(use?: string): Record<string, string> {
        return { Name: use ? `${this.args.clusterName}-${use}` : this.args.clusterName };
    }
}
