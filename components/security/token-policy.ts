import type * as pulumi from "@pulumi/pulumi";
import { ISTIO_NAMESPACE } from "../mesh";
import { SECURITY_API } from "./api";
import { ENVOY_FILTER_API } from "../traffic/api";

/** Tokens that paths at the ingress gateway ask for. */
export interface TokenPolicyArgs {
    /** Name of all objects. */
    name: string;

    /** Labels of the gateway's pods. */
    selector: Readonly<Record<string, string>>;

    /** Who issues the tokens: their claim `iss`. */
    issuer: string;

    /** Whom they are for: one of their claim `aud`. */
    audience: string;

    /** Beginnings of the paths that ask for a token, compared by characters like the prefix of a route. */
    paths: readonly [string, ...string[]];

    /** The claim, and its value, that a token must have for these paths. */
    claim: { name: string; value: string };

    /**
     * Whether a token of another issuer, whose tokens are good elsewhere at the gateway, is not let in even with the claim.
     * @default false
     */
    onlyIssuer?: boolean;

    /** Where the issuer's keys are: a JSON Web Key Set itself, or its address. */
    keys: { jwks: pulumi.Input<string> } | { jwksUri: string };
}

/**
 * The objects of a token policy (S5): who signs, who is let in, and how the gateway answers those without a token.
 *
 * Istio alone answers a missing token with 403, since RequestAuthentication lets it pass and only the AuthorizationPolicy
 * refuses. C14 wants 401: an EnvoyFilter changes this one answer. It decides nothing; without it the path is as closed.
 */
export function tokenPolicyObjects(args: TokenPolicyArgs) {
    const metadata = { name: args.name, namespace: ISTIO_NAMESPACE };
    return [
        { apiVersion: SECURITY_API, kind: "RequestAuthentication", metadata, spec: requestAuthenticationSpec(args) },
        { apiVersion: SECURITY_API, kind: "AuthorizationPolicy", metadata, spec: claimPolicySpec(args) },
        { apiVersion: ENVOY_FILTER_API, kind: "EnvoyFilter", metadata, spec: missingTokenSpec(args) },
    ];
}

/** Whose tokens are good. Any other token gets 401 everywhere at the gateway; no token at all is let pass. */
export function requestAuthenticationSpec({ selector, issuer, audience, keys }: TokenPolicyArgs) {
    return {
        selector: { matchLabels: { ...selector } },
        jwtRules: [
            {
                issuer,
                audiences: [audience],
                ...keys,
                fromHeaders: [{ name: "Authorization", prefix: "Bearer " }],
                // Kept, so that an answer of 403 can be told from one for a missing token; services may read it, too.
                forwardOriginalToken: true,
            },
        ],
    };
}

/** Refuses requests to the paths whose token lacks the claim; a missing token has no claims. */
export function claimPolicySpec({ selector, paths, claim, issuer, onlyIssuer }: TokenPolicyArgs) {
    const to = [{ operation: { paths: paths.map((path) => `${path}*`) } }];
    const without = (name: string, value: string) => ({
        to,
        when: [{ key: `request.auth.claims[${name}]`, notValues: [value] }],
    });
    return {
        selector: { matchLabels: { ...selector } },
        action: "DENY",
        rules: [without(claim.name, claim.value), ...(onlyIssuer ? [without("iss", issuer)] : [])],
    };
}

/** Turns the gateway's own 403 for a missing token into 401 with the header that HTTP wants there. */
export function missingTokenSpec({ selector, paths, issuer }: TokenPolicyArgs) {
    const refused = {
        status_code_filter: {
            comparison: { op: "EQ", value: { default_value: 403, runtime_key: "istio_platform.missing_token" } },
        },
    };
    const toThePaths = anyOf(
        paths.map((prefix) => ({ header_filter: { header: { name: ":path", string_match: { prefix } } } })),
    );
    const withoutToken = {
        header_filter: { header: { name: "authorization", present_match: true, invert_match: true } },
    };
    const mapper = {
        filter: { and_filter: { filters: [refused, toThePaths, withoutToken] } },
        status_code: 401,
        headers_to_add: [{ header: { key: "www-authenticate", value: `Bearer realm="${issuer}"` } }],
    };
    const manager = "envoy.filters.network.http_connection_manager";
    return {
        workloadSelector: { labels: { ...selector } },
        configPatches: [
            {
                applyTo: "NETWORK_FILTER",
                match: { context: "GATEWAY", listener: { filterChain: { filter: { name: manager } } } },
                patch: {
                    operation: "MERGE",
                    value: {
                        typed_config: {
                            "@type":
                                "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                            local_reply_config: { mappers: [mapper] },
                        },
                    },
                },
            },
        ],
    };
}

/** A filter of which one condition is enough. */
function anyOf<Filter>(filters: readonly Filter[]) {
    return filters.length === 1 ? filters[0]! : { or_filter: { filters: [...filters] } };
}
