import { z } from "zod";
import { containerPort, dnsLabel } from "./units";

/** Security of the mesh in the domain's words: who is let in, and what has to be proved for it. */

/** How a sidecar takes connections: `STRICT` mutual TLS only, `PERMISSIVE` plain text as well. */
export const mtlsMode = z.enum(["STRICT", "PERMISSIVE"]);
export type MtlsMode = z.infer<typeof mtlsMode>;

/** One port of a workload whose mode is another than the mesh's (S3). */
export const mtlsException = z.strictObject({
    namespace: dnsLabel.describe("Namespace of the workload"),
    app: dnsLabel.describe("Label `app` of its pods"),
    port: containerPort.describe("Port of the container, not of the Service"),
    mode: mtlsMode.describe("The mode of this port"),
});
export type MtlsException = z.infer<typeof mtlsException>;

/** Mutual TLS between all workloads (S3, C14). */
export const mtls = z.strictObject({
    mode: mtlsMode
        .default("STRICT")
        .describe(
            "STRICT: plain text is refused everywhere. PERMISSIVE: it is accepted too, while workloads join the mesh",
        ),
    exceptions: z
        .array(mtlsException)
        .default([])
        .describe("Ports with another mode, for example for clients without a sidecar. Default: none"),
});
export type MtlsConfig = z.infer<typeof mtls>;

/** Which services call which (C7): caller -> the services that it may call, or all of them. */
export const calls = z.record(dnsLabel, z.union([z.literal("all"), z.array(dnsLabel).min(1)]));
export type Calls = z.infer<typeof calls>;

/** Who may call the services of a namespace (S4): the ingress gateway, the declared callers, and nobody else. */
export const authorization = z.strictObject({
    calls: calls
        .default({ "order-api": ["customer-api"], "payment-api": ["order-api"], "saga-tracker": "all" })
        .describe(
            "Calling service -> the services that it may call, or `all` (C7); each is known by its service account",
        ),
});
export type AuthorizationConfig = z.infer<typeof authorization>;
