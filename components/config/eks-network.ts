import { z } from "zod";
import { cidrBlock } from "./units";

/** The network under an EKS cluster: subnets over the availability zones, ways out, and what watches it (P1, P3). */

export const eksNetwork = z.strictObject({
    cidr: cidrBlock
        .refine((block) => prefixOf(block) >= 16 && prefixOf(block) <= 20, "a block from /16 to /20")
        .default("10.20.0.0/16")
        .describe("Addresses of the VPC; every pod takes one. Must not overlap networks that are peered with it"),
    natGateways: z
        .enum(["per-zone", "one"])
        .default("per-zone")
        .describe(
            "per-zone: a zone that fails takes no other zone's way out with it. one: two thirds cheaper, for environments that may wait",
        ),
    interfaceEndpoints: z
        .array(z.string().regex(/^[a-z0-9.-]+$/, 'the name of an AWS service such as "ecr.dkr"'))
        .refine((names) => new Set(names).size === names.length, "every name once")
        .default(["ecr.api", "ecr.dkr", "sts"])
        .describe(
            "AWS services that the nodes reach without the internet, each at a price per zone; S3 always, for free",
        ),
    flowLogs: z
        .strictObject({
            traffic: z.enum(["ALL", "REJECT"]).default("ALL").describe("Which connections are recorded"),
            retentionDays: z.literal([7, 14, 30, 90, 180, 365]).default(90).describe("Days that records are kept"),
        })
        .prefault({})
        .describe("Records of the connections of every network interface"),
});
export type EksNetworkConfig = z.infer<typeof eksNetwork>;

/** Length of the prefix of a CIDR block: 16 of `10.20.0.0/16`. */
export const prefixOf = (block: string): number => Number(block.split("/")[1]);
