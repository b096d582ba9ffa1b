import { z } from "zod";
import type { PlatformConfig } from "../platform";
import { tokenKeys } from "../security";
import { dnsLabel, dnsName, port } from "../units";
import { GRAFANA } from "./grafana";
import { KIALI } from "./kiali";
import { ALERTMANAGER, PROMETHEUS } from "./prometheus";
import { JAEGER } from "./tracing";

/** The tools of the monitoring behind one domain, each under a path of its own (S1). */
export const access = z.strictObject({
    host: dnsName
        .default("monitoring.buildingbite.com")
        .describe("The domain, as the to-do list has it (S1); no other host leads to the tools"),
    claim: z
        .strictObject({
            name: z
                .string()
                .regex(/^[A-Za-z0-9_-]+$/, "letters, digits, _ and -")
                .default("monitoring")
                .describe("Name of the claim"),
            value: z.string().min(1).default("viewer").describe("Its value, or one of its values"),
        })
        .prefault({})
        .describe("What a token must say; without it the answer is 403"),
    issuer: z.string().min(1).default("https://auth.c4ang.com/monitoring").describe("Claim iss of the tokens"),
    audience: z.string().min(1).default("https://monitoring.buildingbite.com").describe("Claim aud of the tokens"),
    keys: tokenKeys.default({ source: "generated" }).describe("What their signatures are checked with"),
    others: z
        .record(
            dnsLabel,
            z.strictObject({
                service: dnsLabel.optional().describe("Its Service. Default: the tool's name"),
                port: port.describe("Port of the Service"),
            }),
        )
        .default({})
        .describe(
            "Further tools of the monitoring's namespace, deployed by somebody else and told their path, for example a log browser: name, which is the path, -> its Service. Default: none",
        ),
});
export type AccessConfig = z.infer<typeof access>;

/** A tool behind the domain. */
export interface PublishedTool {
    readonly name: string;
    /** Beginning of its paths. */
    readonly path: string;
    /** Its Service, in the namespace of the monitoring. */
    readonly service: string;
    readonly port: number;
    /** Whether it gets the path without its beginning: it serves others of the cluster at the root. */
    readonly cutPrefix: boolean;
}

/** The tools behind the domain, in the order in which they are shown; none where there is no domain. */
export function publishedTools({ monitoring }: Pick<PlatformConfig, "monitoring">): PublishedTool[] {
    const { enabled, access: declared, tracing, grafana, kiali } = monitoring;
    if (!enabled || !declared) return [];
    const tool = (name: string, service: string, own: number, cutPrefix: boolean): PublishedTool => ({
        ...{ name, path: `/${name}`, service, port: own, cutPrefix },
    });
    return [
        tool("prometheus", PROMETHEUS.name, PROMETHEUS.port, true),
        tool("alertmanager", ALERTMANAGER.name, ALERTMANAGER.port, true),
        // These are told their paths, and serve them inside of the cluster, too.
        ...(tracing ? [tool("jaeger", JAEGER.name, JAEGER.query, false)] : []),
        ...(grafana ? [tool("grafana", GRAFANA.name, GRAFANA.port, false)] : []),
        ...(kiali ? [tool("kiali", KIALI.name, KIALI.port, false)] : []),
        ...Object.entries(declared.others).map(([name, { service = name, port: own }]) =>
            tool(name, service, own, false),
        ),
    ];
}

/** Where people find the tools: name -> URL; none where there is no domain. HTTPS where it ends before the gateway. */
export function publicUrls(config: Pick<PlatformConfig, "monitoring" | "cluster">): Record<string, string> {
    const scheme = config.cluster.kind === "eks" ? "https" : "http";
    return Object.fromEntries(
        publishedTools(config).map(({ name, path }) => [name, `${scheme}://${config.monitoring.access!.host}${path}`]),
    );
}
