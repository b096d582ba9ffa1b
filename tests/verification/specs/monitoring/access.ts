import { publishedTools, type PublishedTool } from "../../../../components/config/monitoring/access";
import { defineSpec } from "../../spec";
import type { Answer, OutsideRequest } from "../../target/target";
import { describe, fail, grouped } from "../support/answers";
import { istio, security } from "../support/names";
import { currentClaims, forgedTokens, signedToken } from "../support/tokens";

/**
 * A path of each tool below its own, and what its answer begins with: nobody else answers so. Of the others, which somebody
 * else deploys, any answer of theirs will do.
 */
const known: Readonly<Record<string, { below: string; begins: RegExp }>> = {
    prometheus: { below: "/-/ready", begins: /^Prometheus Server is Ready/ },
    alertmanager: { below: "/api/v2/status", begins: /^\{.*"versionInfo"/ },
    jaeger: { below: "/api/services", begins: /^\{"data":/ },
};

/** A request to the tools, and what it is. */
interface Trial {
    subject: string;
    request: OutsideRequest;
}

export const monitoringAccess = defineSpec({
    name: "monitoring-access",
    description:
        "Every tool of the monitoring is asked from outside on the one domain, under its own path: with a good token it answers itself; without one, with forged ones, without the claim and with a token of another issuer the gateway refuses. Other hosts do not lead to the tools.",
    needs: ["monitoring-access"],
    locks: () => [],
    checks: {
        tools: {
            ids: ["S1", "S2"],
            title: "S1 S2 one domain: with a token every tool of the monitoring answers under its own path",
            needs: ["access-key"],
        },
        missing: {
            ids: ["S1"],
            title: "S1 no token: the gateway answers 401 for every tool, at its path and below it",
        },
        refused: {
            ids: ["S1"],
            title: "S1 bad tokens: forged and expired ones get 401, good ones without the claim or of another issuer 403",
            needs: ["access-key"],
        },
        hosts: {
            ids: ["S1"],
            title: "S1 other hosts: even with a token they do not lead to a tool",
            needs: ["access-key"],
        },
    },
    evidence: async (target) => ({
        pods: await target.gatewayPods(),
        objects: [
            { ...istio.virtualService, namespace: target.config.egov.namespaces.monitoring },
            { ...istio.gateway, namespace: target.config.egov.namespaces.monitoring },
            ...Object.values(security).map((kind) => ({ ...kind, namespace: "istio-system" })),
        ],
    }),
    async run({ target, config, check, all }) {
        const { host, claim, issuer, audience } = config.monitoring.access!;
        const tools = publishedTools(config);
        const compare = async (
            trials: readonly Trial[],
            isRight: (answer: Answer, trial: Trial) => boolean,
            expected: string,
            cause: string,
        ): Promise<void> => {
            const results = await Promise.all(
                trials.map(async (trial) => {
                    const [answer] = await target.request({ host, ...trial.request });
                    return isRight(answer!, trial) ? [] : [{ subject: trial.subject, seen: describe(answer!) }];
                }),
            );
            if (results.flat().length === 0) return;
            fail({
                expected,
                seen: grouped(results.flat()),
                cause,
                action: "kubectl get gateways,virtualservices,requestauthentications,authorizationpolicies,envoyfilters -A: compare monitoring-access with monitoring.access",
            });
        };
        const claims = { [claim.name]: claim.value };
        const withToken = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
        const policies =
            "a RequestAuthentication, AuthorizationPolicy or EnvoyFilter of the name monitoring-access is missing or another one";

        await all(
            () =>
                check("tools", () =>
                    compare(
                        tools.map((tool) => ({
                            subject: tool.name,
                            request: { path: pathOf(tool), ...withToken(good()) },
                        })),
                        ({ status = 0, body }, { subject }) =>
                            subject in known ? status === 200 && known[subject]!.begins.test(body) : status < 400,
                        `200 with the tool's own answer from ${tools.map(({ name }) => name).join(", ")}`,
                        "a tool does not run, its route is missing or leads elsewhere, or the gateway takes no token",
                    ),
                ),
            () =>
                check("missing", () =>
                    compare(
                        tools.flatMap((tool) =>
                            [tool.path, `${tool.path}/`, pathOf(tool), `/x/..${pathOf(tool)}`].map((path) => ({
                                subject: path,
                                request: { path },
                            })),
                        ),
                        ({ status, headers }) => status === 401 && "www-authenticate" in headers,
                        "the gateway's own 401 with the header www-authenticate",
                        policies,
                    ),
                ),
            () =>
                check("refused", async () => {
                    const [tool] = tools as [PublishedTool];
                    const path = pathOf(tool);
                    const now = Math.floor(Date.now() / 1000);
                    const current = currentClaims(issuer, audience, claims);
                    const unsigned = {
                        ...forgedTokens(key(), current),
                        "that has expired": signedToken(key(), { ...current, iat: now - 3900, exp: now - 3600 }),
                    };
                    const unfit = {
                        "without the claim": signedToken(key(), currentClaims(issuer, audience)),
                        "with another value": signedToken(
                            key(),
                            currentClaims(issuer, audience, { [claim.name]: "x" }),
                        ),
                        ...shopToken(),
                    };
                    const trials = (tokens: Record<string, string>) =>
                        Object.entries(tokens).map(([what, token]) => ({
                            subject: `a token ${what}`,
                            request: { path, ...withToken(token) },
                        }));
                    const refused = (status: number) => (answer: Answer) => answer.status === status;
                    await all(
                        () => compare(trials(unsigned), refused(401), "the gateway's own 401", policies),
                        () => compare(trials(unfit), refused(403), "the gateway's own 403", policies),
                    );
                }),
            () =>
                check("hosts", () =>
                    compare(
                        [...config.ecommerce.hosts.filter((one) => !one.includes("*")), "unknown.example.com"].flatMap(
                            (other) =>
                                tools.map((tool) => ({
                                    subject: `${other}${tool.path}`,
                                    request: { path: pathOf(tool), host: other, ...withToken(good()) },
                                })),
                        ),
                        ({ status }) => status === 404,
                        "404: no route",
                        "a VirtualService leads other hosts to the tools",
                    ),
                ),
        );

        function good(): string {
            return signedToken(key(), currentClaims(issuer, audience, claims));
        }

        /** A good token of the shop's issuer, with this claim (S5), where the suite can sign one. */
        function shopToken(): Record<string, string> {
            const { tokens, enabled } = config.ecommerce;
            if (!enabled || !tokens || target.signingKey === undefined) return {};
            const own = currentClaims(tokens.issuer, tokens.audience, {
                ...claims,
                [tokens.claim.name]: tokens.claim.value,
            });
            return { "of the shop's issuer": signedToken(target.signingKey, own) };
        }

        function key(): string {
            if (target.accessKey === undefined)
                throw new Error("the target has no key that signs tokens for the tools");
            return target.accessKey;
        }
    },
});

const pathOf = ({ name, path }: PublishedTool): string => `${path}${known[name]?.below ?? "/"}`;
