import type { EksClusterConfig } from "../../components/config/eks";
import { HOURS, type PriceTable } from "./prices";

/** What an environment uses beside its resources, in a month. */
export interface Usage {
    /** GB that pods send to the internet through NAT gateways: images, above all. */
    readonly natGB: number;
    /** GB that the platform answers. */
    readonly internetGB: number;
    /** GB of flow logs and of the control plane's logs. */
    readonly logGB: number;
    /** Capacity units of the load balancer, on average: each up to 800 new connections a second, or 1 GB an hour. */
    readonly capacityUnits: number;
}

/** A small platform: to be replaced by what is measured. */
export const SMALL: Usage = { natGB: 100, internetGB: 200, logGB: 30, capacityUnits: 1 };

/** What one kind of resource costs in a month. */
export interface CostLine {
    /** What it is. */
    readonly resource: string;
    /** Key of its price. */
    readonly price: string;
    /** How many of its unit: instances, GB, keys. */
    readonly quantity: number;
    /** US dollars a month. */
    readonly usd: number;
}

/** What is charged for, and how much of it. */
type Item = readonly [resource: string, price: string, quantity: number];

/**
 * What an EKS cluster costs in a month, by resource, as it begins: with as many nodes as are desired at first.
 * @throws RangeError for what the table has no price for.
 */
export function monthlyCost(config: EksClusterConfig, table: PriceTable, usage: Usage = SMALL): CostLine[] {
    if (config.region !== table.region)
        throw new RangeError(`the price table is of ${table.region}, not of ${config.region}`);
    return items(config, usage)
        .filter(([, , quantity]) => quantity > 0)
        .map(([resource, price, quantity]) => {
            const entry = table.prices[price];
            if (!entry) throw new RangeError(`the price table of ${table.asOf} has no price for "${price}"`);
            const usd = quantity * entry.usd * (entry.per === "hour" ? HOURS : 1);
            return { resource, price, quantity, usd };
        });
}

function items(config: EksClusterConfig, usage: Usage): Item[] {
    const zones = config.availabilityZones.length;
    const nodes = zones * config.nodes.perZone.desired;
    const nats = config.network.natGateways === "one" ? 1 : zones;
    const { postgres, cache } = config.dataStores;
    return [
        ["control plane", "eks cluster", 1],
        ["nodes", `ec2 ${config.nodes.instanceTypes[0]}`, nodes],
        ["volumes of the nodes", "ebs gp3", nodes * volumeSize(config)],
        ["NAT gateways", "nat gateway", nats],
        ["data through NAT gateways", "nat gateway data", usage.natGB],
        ["public addresses: NAT gateways, load balancer", "public ipv4 address", nats + zones],
        ["private endpoints of AWS", "interface endpoint", config.network.interfaceEndpoints.length * zones],
        ["load balancer", "network load balancer", 1],
        ["use of the load balancer", "network load balancer capacity unit", usage.capacityUnits],
        ["answers to the internet", "internet data", usage.internetGB],
        ["check of the public name", "route 53 health check, https with latency", 1],
        ["logs", "cloudwatch logs", usage.logGB],
        ...(postgres
            ? ([
                  ["PostgreSQL", `rds postgres ${postgres.instanceClass} multi-az`, 1],
                  ["storage of PostgreSQL", "rds gp3 multi-az", postgres.storageGiB],
                  ["password of PostgreSQL", "secret", 1],
              ] satisfies Item[])
            : []),
        ...(cache ? ([["cache", `elasticache ${cache.engine} ${cache.nodeType}`, cache.nodes]] satisfies Item[]) : []),
        ["keys", "kms key", postgres || cache ? 2 : 1],
    ];
}

/** GiB of a node's volumes: Bottlerocket has one of 4 GiB for itself. */
function volumeSize({ nodes }: EksClusterConfig): number {
    return nodes.volumeGiB + (nodes.operatingSystem.startsWith("BOTTLEROCKET") ? 4 : 0);
}
