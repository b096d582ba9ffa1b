/** What AWS charges in one region, without discounts and taxes. */
export interface PriceTable {
    readonly region: string;
    /** Day that the prices were written down. */
    readonly asOf: string;
    /** How far they can be trusted. */
    readonly note: string;
    /** US dollars, by what is charged for. */
    readonly prices: Readonly<Record<string, Price>>;
}

/** A price in US dollars. */
export interface Price {
    readonly usd: number;
    readonly per: "hour" | "GB" | "GB-month" | "month";
    /** Page of AWS with the price. */
    readonly source: string;
}

/** Hours of a month, as AWS' own calculator counts them. */
export const HOURS = 730;

const page = (path: string) => `https://aws.amazon.com/${path}/pricing/`;
const ec2 = "https://aws.amazon.com/ec2/pricing/on-demand/";
const hourly = (usd: number, source: string): Price => ({ usd, per: "hour", source });

/** List prices of Seoul. */
export const seoul: PriceTable = {
    region: "ap-northeast-2",
    asOf: "2026-11-22",
    note: "written down by hand where AWS' price list could not be read: compare those that matter with their source",
    prices: {
        "eks cluster": hourly(0.1, page("eks")),
        "ec2 m7i.large": hourly(0.1239, ec2),
        "ec2 m7i.xlarge": hourly(0.2478, ec2),
        "ec2 m7i.2xlarge": hourly(0.4956, ec2),
        "ec2 m7g.large": hourly(0.1004, ec2),
        "ec2 m7g.xlarge": hourly(0.2008, ec2),
        "ebs gp3": { usd: 0.0912, per: "GB-month", source: page("ebs") },
        "public ipv4 address": hourly(0.005, page("vpc")),
        "nat gateway": hourly(0.059, page("vpc")),
        "nat gateway data": { usd: 0.059, per: "GB", source: page("vpc") },
        "interface endpoint": hourly(0.013, page("privatelink")),
        "network load balancer": hourly(0.0225, page("elasticloadbalancing")),
        "network load balancer capacity unit": hourly(0.006, page("elasticloadbalancing")),
        "internet data": { usd: 0.126, per: "GB", source: ec2 },
        "rds postgres db.t4g.medium multi-az": hourly(0.204, page("rds/postgresql")),
        "rds postgres db.m7g.large multi-az": hourly(0.486, page("rds/postgresql")),
        "rds gp3 multi-az": { usd: 0.262, per: "GB-month", source: page("rds/postgresql") },
        "elasticache valkey cache.t4g.small": hourly(0.0376, page("elasticache")),
        "elasticache redis cache.t4g.small": hourly(0.047, page("elasticache")),
        "kms key": { usd: 1, per: "month", source: page("kms") },
        secret: { usd: 0.4, per: "month", source: page("secrets-manager") },
        "route 53 health check, https with latency": { usd: 2.5, per: "month", source: page("route53") },
        "cloudwatch logs": { usd: 0.76, per: "GB", source: page("cloudwatch") },
    },
};
