import { readFileSync } from "node:fs";
import { z } from "zod";
import { platform } from "../../../components/config/platform";
import { port } from "../../../components/config/units";

/** An object that the program has registered. */
const declaredObject = z.strictObject({
    apiVersion: z.string().min(1),
    kind: z.string().min(1),
    metadata: z.strictObject({
        name: z.string().min(1),
        namespace: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
        annotations: z.record(z.string(), z.string()).default({}),
    }),
    spec: z.record(z.string(), z.unknown()),
});
export type DeclaredObject = z.output<typeof declaredObject>;

/** The file that describes an environment to the suite: the program's hook and the command line write it. */
export const targetFile = z.strictObject({
    stack: z.string().min(1).describe("Name of the Pulumi stack"),
    config: platform.describe("The stack's configuration: every expected value comes from here"),
    kubeconfig: z.string().min(1).describe("Path of the kubeconfig file"),
    gateway: z
        .strictObject({ address: z.string().min(1), port })
        .describe("HTTP entrance of the mesh for clients on this machine"),
    secureGateway: z
        .strictObject({ address: z.string().min(1), port })
        .optional()
        .describe("HTTPS entrance, where one is declared (P5)"),
    certificate: z.string().optional().describe("Its certificate in PEM, where the program made it"),
    signingKey: z.string().optional().describe("Key that signs tokens, in PEM, where the program made it (S5)"),
    accessKey: z
        .string()
        .optional()
        .describe("Key that signs tokens for the tools of the monitoring, in PEM, where the program made it (S1)"),
    objects: z
        .array(declaredObject)
        .describe(
            "Every object by which the program tells the control plane, the proxies and the pod network what to do",
        ),
    provenance: z.array(z.string()).default([]).describe("Lines that every report must carry: stand-ins, versions"),
});
export type VerificationTarget = z.output<typeof targetFile>;

/** The suite cannot run: the environment is missing or is not the one that was described. */
export class TargetError extends Error {
    override readonly name = "TargetError";
}

/** Reads and validates a target file; all problems at once, each with its path. */
export function readTargetFile(path: string): VerificationTarget {
    let text: string;
    try {
        text = readFileSync(path, "utf8");
    } catch (error) {
        throw new TargetError(
            `cannot read the verification target ${path}: ${(error as Error).message}\n` +
                "Deploy first (npm start): that writes it; or name another file with --target.",
        );
    }
    let value: unknown;
    try {
        value = JSON.parse(text);
    } catch (error) {
        throw new TargetError(`${path} is not JSON: ${(error as Error).message}`);
    }
    const result = targetFile.safeParse(value);
    if (result.success) return result.data;
    const problems = result.error.issues.map(
        (issue) => `  ${issue.path.map(String).join(".") || "(file)"}: ${issue.message}`,
    );
    throw new TargetError(`${path} does not describe a verification target:\n${problems.join("\n")}`);
}
