import { z } from "zod";
import { ecommerce, egov, sampleImage } from "./apps";
import { cluster } from "./cluster";
import { reportContradictions } from "./contradictions";
import { mesh } from "./mesh";
import { monitoring } from "./monitoring/monitoring";
import { alertingSecrets } from "./monitoring/secrets";
import { policy } from "./policy";
import { study } from "./study";
import { duration } from "./units";

/** What happens after a deployment: the suite runs against the mesh that was just deployed. */
export const verification = z.strictObject({
    enabled: z
        .boolean()
        .default(true)
        .describe("Run the verification suite after everything else, in every `pulumi up`"),
    grep: z
        .string()
        .refine(isRegularExpression, 'a regular expression, for example "E5|C3"')
        .optional()
        .describe("Only the specs whose title matches this regular expression; default: all"),
    deadline: duration.default("3m").describe("Time allowed to the whole suite"),
});
export type VerificationConfig = z.infer<typeof verification>;

function isRegularExpression(text: string): boolean {
    try {
        new RegExp(text);
        return true;
    } catch {
        return false;
    }
}

const sections = z.strictObject({
    cluster,
    mesh: mesh.prefault({}).describe("Istio: control plane, sidecars, ingress gateway"),
    sampleImage,
    egov: egov.prefault({}).describe("The e-Government sample system (E1-E8)"),
    ecommerce: ecommerce.prefault({}).describe("The C4ang e-commerce services (C1-C4)"),
    study: study.prefault({}).describe("The system of the traffic and resilience study (T1-T4, T6, T8, T10-T13)"),
    monitoring: monitoring.prefault({}).describe("What watches the mesh (E11-E16, C15-C17, S1, S2). Default: nothing"),
    alertingSecrets: alertingSecrets
        .optional()
        .describe("Secrets of monitoring.receivers, set by `pulumi config set --secret --path` (E13). Default: none"),
    policy: policy.prefault({}).describe("What the policy rules overlook, and how strict they are (docs/policy.md)"),
    verification: verification.prefault({}).describe("Real requests after every deployment"),
});

/**
 * The configuration of a stack: every key of `Pulumi.<stack>.yaml`, each under the project's name
 * (`istio-platform:cluster`, `istio-platform:mesh`, ...). The defaults are the documents' numbers.
 */
export const platform = sections.check(z.core._check(reportContradictions, { when: () => true }));

/** A stack's configuration after validation: every default filled in. */
export type PlatformConfig = z.output<typeof sections>;
/** A stack's configuration as a person writes it. */
export type PlatformInput = z.input<typeof sections>;
