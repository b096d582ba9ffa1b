import type { TokensConfig } from "../../../../components/config/security";
import { defineSpec } from "../../spec";
import type { Answer, Request } from "../../target/target";
import { describe, fail, grouped } from "../support/answers";
import { ecommerceHost, ecommercePods, serviceAbove } from "../support/names";
import { currentClaims, forgedTokens, signedToken, type Claims } from "../support/tokens";
import { securityEvidence } from "./evidence";

/** A request, and what it is. */
interface Trial {
    subject: string;
    request: Request;
}

/** Headers by which a client could claim another path, or that it had been let in elsewhere. */
const smuggled: Readonly<Record<string, string>> = {
    "x-envoy-original-path": "/",
    "x-original-url": "/",
    "x-rewrite-url": "/",
    "x-forwarded-client-cert": "URI=spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account",
};

/** Other ways to write the last slash of a path. */
const slashes = ["//", "/./", "/x/../", "/%2e/", "/x/%2e%2e/", "%2F", "%2f"];

export const tokens = defineSpec({
    name: "ecommerce-tokens",
    description:
        "Requests from outside to the path that asks for a token: without one, with forged, expired and foreign ones, with and without the declared claim, and by other spellings of the path. Nothing but a good token with the claim reaches a pod.",
    needs: ["ecommerce", "sample-app", "tokens"],
    locks: () => [],
    checks: {
        missing: {
            ids: ["S5", "C14"],
            title: "S5 C14 no token: the gateway answers 401, at the path and below it",
        },
        invalid: {
            ids: ["S5"],
            title: "S5 bad tokens: the gateway answers 401 to forged, expired and foreign ones",
            needs: ["signing-key"],
        },
        claim: {
            ids: ["S5"],
            title: "S5 claim: a good token is let in with the claim, and answered 403 without it",
            needs: ["signing-key"],
        },
        spellings: {
            ids: ["S5", "C14"],
            title: "S5 C14 spellings: no other spelling of the path, host or headers gets past the gateway",
        },
    },
    evidence: securityEvidence,
    async run({ target, config, check, all }) {
        const declared = config.ecommerce.tokens;
        if (!declared) throw new Error("ecommerce.tokens is not set");
        const { issuer, audience, path, claim } = declared;
        const host = ecommerceHost(config);
        const compare = async (
            trials: readonly Trial[],
            isRight: (answer: Answer) => boolean,
            expected: string,
        ): Promise<void> => {
            const results = await Promise.all(
                trials.map(async ({ subject, request }) => {
                    const [answer] = await target.request({ host, ...request });
                    return isRight(answer!) ? [] : [{ subject, seen: describe(answer!) }];
                }),
            );
            if (results.flat().length === 0) return;
            fail({
                expected,
                seen: grouped(results.flat()),
                cause: "RequestAuthentication, AuthorizationPolicy or EnvoyFilter gateway-tokens is missing or differs from ecommerce.tokens",
                action: "kubectl -n istio-system get requestauthentications,authorizationpolicies,envoyfilters gateway-tokens -o yaml: compare with ecommerce.tokens",
            });
        };
        const refused =
            (status: number) =>
            ({ status: seen, pod }: Answer): boolean =>
                seen === status && pod === undefined;
        const withToken = (subject: string, token: string): Trial => ({
            subject,
            request: { path, headers: { authorization: `Bearer ${token}` } },
        });
        await all(
            () =>
                check("missing", () =>
                    compare(
                        [path, `${path}?page=2`, `${path}/42`, `${path}istrators`].map((to) => ({
                            subject: to,
                            request: { path: to },
                        })),
                        (answer) => refused(401)(answer) && "www-authenticate" in answer.headers,
                        "the gateway's own 401 with the header www-authenticate",
                    ),
                ),
            () =>
                check("invalid", () =>
                    compare(
                        badTokens(key(), declared).map(([what, token]) => withToken(`a token ${what}`, token)),
                        refused(401),
                        "the gateway's own 401",
                    ),
                ),
            () =>
                check("claim", async () => {
                    const named = (values: Claims) => signedToken(key(), currentClaims(issuer, audience, values));
                    const right = [
                        withToken("with the claim", named({ [claim.name]: claim.value })),
                        withToken("with the claim among others", named({ [claim.name]: ["reader", claim.value] })),
                    ];
                    const wrong = [
                        withToken("without the claim", named({})),
                        withToken("with another value", named({ [claim.name]: "reader" })),
                        withToken("with a longer value", named({ [claim.name]: `${claim.value}s` })),
                        withToken("with the value in another claim", named({ scope: claim.value })),
                        withToken(
                            "for another audience",
                            signedToken(
                                key(),
                                currentClaims(issuer, `${audience}.example`, { [claim.name]: claim.value }),
                            ),
                        ),
                    ];
                    const { name } = serviceAbove(config, path);
                    const pods = (await ecommercePods(target, name)).map((pod) => pod.name);
                    await all(
                        () =>
                            compare(
                                right,
                                ({ status, pod }) => status === 200 && pods.includes(pod ?? ""),
                                `200 of a pod of ${name} with ${claim.name} ${claim.value}`,
                            ),
                        () =>
                            compare(wrong, refused(403), `the gateway's own 403 without ${claim.name} ${claim.value}`),
                    );
                }),
            () =>
                check("spellings", () => {
                    const last = path.lastIndexOf("/");
                    const written = slashes.map((slash) => path.slice(0, last) + slash + path.slice(last + 1));
                    return compare(
                        [
                            ...[...written, ...written.map((one) => `${one}/42`)].map((to) => ({
                                subject: to,
                                request: { path: to },
                            })),
                            { subject: `Host ${host}.`, request: { path, host: `${host}.` } },
                            { subject: `Host ${host}:80`, request: { path, host: `${host}:80` } },
                            ...Object.entries(smuggled).map(([name, value]) => ({
                                subject: `the header ${name}`,
                                request: { path, headers: { [name]: value } },
                            })),
                        ],
                        ({ status, pod }) => pod === undefined && (status === 401 || status === 404),
                        "401, or 404 where no route reads the path so, and never an answer of a pod",
                    );
                }),
        );

        function key(): string {
            if (target.signingKey === undefined) throw new Error("the target has no key that signs tokens");
            return target.signingKey;
        }
    },
});

/** What is wrong with a token that has the claim -> the token. */
function badTokens(key: string, { issuer, audience, claim }: TokensConfig): [what: string, token: string][] {
    const claims = currentClaims(issuer, audience, { [claim.name]: claim.value });
    const past = Math.floor(Date.now() / 1000) - 3600;
    return [
        ...Object.entries(forgedTokens(key, claims)),
        ["that has expired", signedToken(key, { ...claims, iat: past - 300, exp: past })],
        ["that is not valid yet", signedToken(key, { ...claims, nbf: past + 7200 })],
        ["of another issuer", signedToken(key, { ...claims, iss: `${issuer}.example` })],
    ];
}
