import { strict as assert } from "node:assert";
import { createPublicKey, verify, type JsonWebKey } from "node:crypto";
import {
    claimPolicySpec,
    missingTokenSpec,
    requestAuthenticationSpec,
    signingKeyProvider,
} from "../../../components/security";
import { currentClaims, forgedTokens, signedToken } from "../../verification/specs/support/tokens";

const args = {
    name: "gateway-tokens",
    selector: { istio: "ingressgateway" },
    issuer: "https://auth.c4ang.com",
    audience: "https://api.c4ang.com",
    paths: ["/api/v1/saga/admin"] as [string],
    claim: { name: "role", value: "admin" },
    keys: { jwksUri: "https://auth.c4ang.com/keys" },
};

describe("Security: tokens at the gateway", () => {
    it("S5 are those of the issuer for the audience, from the header Authorization alone", () => {
        assert.deepEqual(requestAuthenticationSpec(args), {
            selector: { matchLabels: { istio: "ingressgateway" } },
            jwtRules: [
                {
                    issuer: "https://auth.c4ang.com",
                    audiences: ["https://api.c4ang.com"],
                    jwksUri: "https://auth.c4ang.com/keys",
                    fromHeaders: [{ name: "Authorization", prefix: "Bearer " }],
                    forwardOriginalToken: true,
                },
            ],
        });
    });

    it("S5 without the claim nothing that begins with the path is let in", () => {
        const { action, rules } = claimPolicySpec(args);
        assert.equal(action, "DENY");
        assert.deepEqual(rules, [
            {
                to: [{ operation: { paths: ["/api/v1/saga/admin*"] } }],
                when: [{ key: "request.auth.claims[role]", notValues: ["admin"] }],
            },
        ]);
    });

    it("C14 a missing token turns the gateway's own 403 at the path, and nothing else, into 401", () => {
        const [patch] = missingTokenSpec(args).configPatches;
        const [mapper] = patch!.patch.value.typed_config.local_reply_config.mappers;
        assert.equal(mapper!.status_code, 401);
        assert.equal(mapper!.filter.and_filter.filters.length, 3);
        assert.match(JSON.stringify(mapper), /"name":":path","string_match":\{"prefix":"\/api\/v1\/saga\/admin"\}/);
    });
});

describe("Security: a key that signs tokens", () => {
    it("stays the same from one deployment to the next", async () => {
        assert.deepEqual(await signingKeyProvider.diff!("id", { privateKey: "", jwks: "" }, {}), { changes: false });
    });

    it("S5 signs what its own key set verifies, and other tokens do not", async () => {
        const { privateKey, jwks } = (await signingKeyProvider.create({})).outs!;
        const [jwk] = (JSON.parse(jwks) as { keys: (JsonWebKey & { d?: string })[] }).keys;
        assert.equal(jwk!.d, undefined);
        const key = createPublicKey({ key: jwk!, format: "jwk" });
        const isGood = (token: string): boolean => {
            const [header, claims, signature] = token.split(".");
            return verify(
                "sha256",
                Buffer.from(`${header}.${claims}`),
                { key, dsaEncoding: "ieee-p1363" },
                Buffer.from(signature ?? "", "base64url"),
            );
        };
        const claims = currentClaims(args.issuer, args.audience, { role: "admin" });
        assert.ok(isGood(signedToken(privateKey, claims)));
        const forged = Object.entries(forgedTokens(privateKey, claims));
        assert.equal(forged.length, 5);
        for (const [what, token] of forged) assert.ok(!isGood(token), what);
    });
});
