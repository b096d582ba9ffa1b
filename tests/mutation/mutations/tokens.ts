import { generateKeyPairSync } from "node:crypto";
import type { PlainObject } from "../cluster/api";
import { objects } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { inGatewayListeners } from "./look";
import { gatewayFilters, otherObjects, union } from "./red";

/** Mistakes in who needs a token at the gateway. */

const name = "gateway-tokens";

type Kind = "RequestAuthentication" | "AuthorizationPolicy" | "EnvoyFilter";
type Told = Pick<Mutation, "name" | "description"> & { expectRed: CheckSet };

/** What notices that an object of a kind is another one, whatever it does. */
const noticed: Readonly<Record<Kind, CheckSet>> = {
    RequestAuthentication: union(otherObjects("authentication"), gatewayFilters),
    AuthorizationPolicy: union(otherObjects("authorization"), gatewayFilters),
    EnvoyFilter: union(otherObjects("proxies"), gatewayFilters),
};

/** Changes one object of the token policy; shows in what the gateway's Envoy listens with. */
function changed(
    mutation: Told,
    kind: Kind,
    change: (spec: PlainObject["spec"]) => void,
    shows: (listeners: string) => boolean,
): Mutation {
    return {
        ...mutation,
        ids: ["S5"],
        needs: ["ecommerce", "tokens", "signing-key"],
        expectRed: union(mutation.expectRed, noticed[kind]),
        apply: (changes) => changes.edit(objects.istio(kind, name), ({ spec }) => change(spec)),
        traces: (mesh) => inGatewayListeners(mesh, shows),
    };
}

/** The same with the whole object gone. */
function removed(mutation: Told, kind: Kind, shows: (listeners: string) => boolean): Mutation {
    return {
        ...changed(mutation, kind, () => undefined, shows),
        apply: (changes) => changes.remove(objects.istio(kind, name)),
    };
}

export const tokens: readonly Mutation[] = [
    removed(
        {
            name: "tokens-unchecked",
            description: "No token is checked any more: a good one counts as none.",
            expectRed: { "ecommerce-tokens": ["invalid", "claim"] },
        },
        "RequestAuthentication",
        (listeners) => !listeners.includes("local_jwks"),
    ),
    removed(
        {
            name: "tokens-not-asked-for",
            description: "Tokens are checked where there is one, but no path asks for one.",
            expectRed: { "ecommerce-tokens": ["missing", "claim", "spellings"] },
        },
        "AuthorizationPolicy",
        (listeners) => !listeners.includes(`policy[${name}]`),
    ),
    removed(
        {
            name: "tokens-missing-forbidden",
            description: "A missing token is answered with Istio's own 403.",
            expectRed: { "ecommerce-tokens": ["missing", "spellings"] },
        },
        "EnvoyFilter",
        (listeners) => !listeners.includes("local_reply_config"),
    ),
    changed(
        {
            name: "tokens-other-claim",
            description: "Another value of the claim is asked for than declared.",
            expectRed: { "ecommerce-tokens": ["claim"] },
        },
        "AuthorizationPolicy",
        (spec) => {
            spec.rules[0].when[0].notValues = ["reader"];
        },
        (listeners) => listeners.includes('"reader"'),
    ),
    changed(
        {
            name: "tokens-path-alone",
            description: "A token is asked for at the path itself, but not below it.",
            expectRed: { "ecommerce-tokens": ["missing", "spellings"] },
        },
        "AuthorizationPolicy",
        (spec) => {
            const [{ operation }] = spec.rules[0].to as [{ operation: { paths: string[] } }];
            operation.paths = operation.paths.map((path) => path.replace(/\*$/, ""));
        },
        (listeners) => /"path": \{\s*"exact"/.test(listeners),
    ),
    changed(
        {
            name: "tokens-other-issuer",
            description: "The gateway takes the tokens of another issuer.",
            expectRed: { "ecommerce-tokens": ["claim"] },
        },
        "RequestAuthentication",
        (spec) => {
            spec.jwtRules[0].issuer = "https://login.example.org";
        },
        (listeners) => listeners.includes("https://login.example.org"),
    ),
    changed(
        {
            name: "tokens-any-audience",
            description: "The gateway takes tokens that were made for somebody else.",
            expectRed: { "ecommerce-tokens": ["claim"] },
        },
        "RequestAuthentication",
        (spec) => {
            delete spec.jwtRules[0].audiences;
        },
        (listeners) => !listeners.includes('"audiences"'),
    ),
    {
        ...changed(
            {
                name: "tokens-other-key",
                description: "Tokens are checked with another key than the one that signs them.",
                expectRed: { "ecommerce-tokens": ["claim"] },
            },
            "RequestAuthentication",
            (spec) => {
                const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
                const key = { ...publicKey.export({ format: "jwk" }), use: "sig", alg: "ES256", kid: "another" };
                spec.jwtRules[0].jwks = JSON.stringify({ keys: [key] });
            },
            (listeners) => /kid[\\": ]+another/.test(listeners),
        ),
        // Of keys the proxies' filters are not asked: the control plane may have read them from an address.
        expectRed: union({ "ecommerce-tokens": ["claim"] }, otherObjects("authentication")),
    },
];
