import { when, type Finding } from "./finding";
import { publishedTools } from "./monitoring/access";
import type { PlatformConfig } from "./platform";

/** What of the domain with the monitoring's tools (S1) contradicts other settings. */
export function accessProblems(config: PlatformConfig): Finding[] {
    const { monitoring, mesh, ecommerce } = config;
    const { access } = monitoring;
    if (!monitoring.enabled || !access) return [];
    const tools = publishedTools(config);
    const paths = ecommerce.enabled ? Object.entries(ecommerce.services) : [];
    return [
        ...when(mesh.routing === "gateway-api", [
            "monitoring.access",
            "the routes to the tools are Istio's own, which do not go with mesh.routing gateway-api; leave it out",
        ]),
        ...when(ecommerce.enabled && ecommerce.tokens?.issuer === access.issuer, [
            "monitoring.access.issuer",
            `${access.issuer} is the issuer of ecommerce.tokens, too: its tokens would be checked with two sets of keys; take another one`,
        ]),
        ...Object.keys(access.others).flatMap((name) =>
            when(tools.filter((tool) => tool.name === name).length > 1, [
                `monitoring.access.others.${name}`,
                `${name} is there already: the platform deploys it; leave it out`,
            ]),
        ),
        ...paths.flatMap(([name, { path }]) =>
            tools
                .filter((tool) => path.startsWith(tool.path))
                .map((tool): Finding => [
                    `ecommerce.services.${name}.path`,
                    `${path} begins with ${tool.path}, which asks for the tokens of monitoring.access on every host; take another path`,
                ]),
        ),
    ];
}
