import { z } from "zod";
import { containerPort, dnsLabel, dnsName, duration, pathPrefix } from "./units";

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

/** How proxies read the paths of requests, each level with all of those before. */
export const pathNormalization = z
    .enum(["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"])
    .default("DECODE_AND_MERGE_SLASHES");
export type PathNormalization = z.infer<typeof pathNormalization>;

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

/** Where the certificate of the HTTPS entrance comes from (P5). */
const certificate = z.discriminatedUnion("source", [
    z.strictObject({
        source: z.literal("self-signed").describe("Made by the program for the named hosts; for development"),
        validDays: z
            .int()
            .min(2)
            .max(825, "at most 825 days, after which clients no longer accept a certificate")
            .default(365)
            .describe("Days from its making to its end"),
        renewBeforeDays: z
            .int()
            .min(1)
            .default(30)
            .describe("Days before its end from which on a deployment makes a new one"),
    }),
    z.strictObject({
        source: z.literal("existing").describe("A Secret that somebody else makes, for example cert-manager"),
    }),
]);
export type CertificateConfig = z.infer<typeof certificate>;

/** The HTTPS entrance (P5). */
export const tls = z.strictObject({
    secretName: dnsLabel
        .default("ecommerce-tls-cert")
        .describe("Secret with certificate and key, in the namespace of the ingress gateway"),
    minimumVersion: z.enum(["1.2", "1.3"]).default("1.2").describe("Oldest version of TLS that is accepted"),
    httpsOnlyHosts: z
        .array(dnsName)
        .default([])
        .describe(
            "Further hosts, answered over HTTPS only: plain HTTP is redirected (301). Default: none, since the documents use plain HTTP",
        ),
    certificate: certificate
        .default({ source: "self-signed", validDays: 365, renewBeforeDays: 30 })
        .describe("Its source"),
});
export type TlsConfig = z.infer<typeof tls>;

/** Where the keys that tokens are checked with come from (S5). */
export const tokenKeys = z.discriminatedUnion("source", [
    z.strictObject({
        source: z
            .literal("generated")
            .describe("Made by the program and kept in its state; for development, where nobody issues tokens"),
    }),
    z.strictObject({
        source: z.literal("address").describe("The key set of an identity provider"),
        jwksUri: z.url({ protocol: /^https$/ }).describe("Its address, which the control plane reads"),
    }),
]);

/** A path at the ingress gateway that asks for a token (S5). */
export const tokens = z.strictObject({
    path: pathPrefix
        .default("/api/v1/saga/admin")
        .describe("Beginning of the paths that ask for a token, compared by characters as a route's prefix"),
    claim: z
        .strictObject({
            name: z
                .string()
                .regex(/^[A-Za-z0-9_-]+$/, "letters, digits, _ and -")
                .default("role")
                .describe("Name of the claim"),
            value: z.string().min(1).default("admin").describe("Its value, or one of its values"),
        })
        .prefault({})
        .describe("What a token must say for these paths; without it the answer is 403"),
    issuer: z.string().min(1).default("https://auth.c4ang.com").describe("Claim iss of the tokens"),
    audience: z.string().min(1).default("https://api.c4ang.com").describe("Claim aud of the tokens"),
    keys: tokenKeys.default({ source: "generated" }).describe("What their signatures are checked with"),
});
export type TokensConfig = z.infer<typeof tokens>;

/** A limit that each pod of the ingress gateway keeps by itself (S7). */
export const rateLimit = z.strictObject({
    path: pathPrefix
        .default("/api/v1/saga/export")
        .describe("Beginning of the paths that are limited together, compared by characters as a route's prefix"),
    requests: z
        .int()
        .min(1)
        .max(1000)
        .default(10)
        .describe("Requests that are let through at once; all further ones get 429"),
    per: duration.default("5s").describe("Time in which as many requests are let through again"),
});
export type RateLimitConfig = z.infer<typeof rateLimit>;
