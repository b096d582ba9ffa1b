import { z } from "zod";
import { dnsName } from "./units";

/** How requests from outside reach an EKS cluster: name, certificate, load balancer (P3, P4, P5). */

export const eksDomain = z.strictObject({
    host: dnsName.default("api.c4ang.com").describe("Public name of the platform; one of `ecommerce.hosts` (P4)"),
    zoneId: z
        .string()
        .regex(/^Z[A-Z0-9]{4,}$/, 'the id of a Route 53 hosted zone such as "Z0123456789ABCDEFGHIJ"')
        .describe("Hosted zone of Route 53 that the name and the proof of its certificate are written to"),
    healthCheck: z
        .strictObject({
            path: z
                .string()
                .regex(/^\/\S*$/, 'a path that begins with "/"')
                .default("/api/v1/customers/health")
                .describe("What is asked for, over HTTPS; anything but 2xx or 3xx is a failure (C6)"),
            failures: z.int().min(1).max(10).default(3).describe("Failures in a row that make the name unhealthy"),
            everySeconds: z.literal([10, 30]).default(30).describe("Seconds between two requests of one checker"),
        })
        .prefault({})
        .describe("Route 53 asks from several places of the world (P4)"),
});
export type EksDomainConfig = z.infer<typeof eksDomain>;

export const eksLoadBalancer = z.strictObject({
    tls: z
        .enum(["load-balancer", "gateway"])
        .default("load-balancer")
        .describe(
            "Where HTTPS ends. load-balancer: with a certificate of ACM, and encrypted anew to the gateway. gateway: the load balancer passes the bytes on, and the certificate is that of `ecommerce.tls` (P5)",
        ),
    tlsPolicy: z
        .string()
        .startsWith("ELBSecurityPolicy-TLS13-", "one of AWS' policies that begin with ELBSecurityPolicy-TLS13-")
        .default("ELBSecurityPolicy-TLS13-1-2-2021-06")
        .describe("Versions and ciphers that the load balancer accepts: the default is TLS 1.2 and newer"),
    clientAddress: z
        .enum(["preserved", "proxy-protocol"])
        .default("preserved")
        .describe(
            "How the gateway learns the client's address. preserved: connections carry it. proxy-protocol: a header before the first byte carries it, and the health check only connects, since the gateway's status port does not read that header",
        ),
    allowedCidrs: z
        .array(z.cidrv4())
        .min(1)
        .default(["0.0.0.0/0"])
        .describe("Networks that may connect; the default is everybody, as for a public site"),
    accessLogDays: z.int().min(1).default(90).describe("Days that the access logs of TLS connections are kept"),
    deletionProtection: z
        .boolean()
        .default(true)
        .describe("AWS refuses to delete the load balancer: switch it off before `pulumi destroy`"),
});
export type EksLoadBalancerConfig = z.infer<typeof eksLoadBalancer>;

/** The controller that makes load balancers out of Services. */
export const eksLoadBalancerController = z.strictObject({
    chartVersion: z
        .string()
        .regex(/^\d+\.\d+\.\d+$/, 'a version such as "3.5.0"')
        .default("3.5.0")
        .describe("Version of the Helm chart aws-load-balancer-controller"),
    repository: z.url().default("https://aws.github.io/eks-charts").describe("Helm repository or mirror"),
    image: z
        .string()
        .default("public.ecr.aws/eks/aws-load-balancer-controller")
        .describe("Image without tag; can be a private mirror"),
    replicas: z.int().min(1).default(2).describe("Pods of the controller; one works, the others stand by"),
});
export type EksLoadBalancerControllerConfig = z.infer<typeof eksLoadBalancerController>;
