import { z } from "zod";

/** The worker nodes of an EKS cluster: one managed node group a zone (P1). */

export const eksNodes = z.strictObject({
    perZone: z
        .strictObject({
            min: z.int().min(1).default(1).describe("Nodes at least"),
            desired: z.int().min(1).default(1).describe("Nodes at first; what changes the number later is left alone"),
            max: z.int().min(1).default(3).describe("Nodes at most"),
        })
        .prefault({})
        .describe("Nodes of every availability zone: with three zones the defaults make the three nodes of P1"),
    instanceTypes: z
        .array(z.string().regex(/^[a-z0-9-]+\.[a-z0-9]+$/, 'an instance type such as "m7i.xlarge"'))
        .min(1)
        .default(["m7i.xlarge"])
        .describe(
            "Types of instance, the preferred one first. Two zones of the default carry everything when the third fails",
        ),
    capacity: z
        .enum(["ON_DEMAND", "SPOT"])
        .default("ON_DEMAND")
        .describe("SPOT is cheaper, and AWS may take a node away with two minutes' notice"),
    operatingSystem: z
        .enum(["BOTTLEROCKET_x86_64", "BOTTLEROCKET_ARM_64", "AL2023_x86_64_STANDARD", "AL2023_ARM_64_STANDARD"])
        .default("BOTTLEROCKET_x86_64")
        .describe("Image of the nodes. Bottlerocket has a read-only root and no shell"),
    volumeGiB: z.int().min(20).default(50).describe("Size of the encrypted gp3 volume for images and logs, in GiB"),
});
export type EksNodesConfig = z.infer<typeof eksNodes>;
