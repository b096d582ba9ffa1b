import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";

/** JSON Web Tokens as clients bring them: good ones, and such that a gateway must refuse. */

export type Claims = Readonly<Record<string, unknown>>;

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token that the key signs by ES256. */
export function signedToken(key: string | KeyObject, claims: Claims): string {
    const content = `${encode({ alg: "ES256", typ: "JWT" })}.${encode(claims)}`;
    const signature = sign("sha256", Buffer.from(content), {
        key: typeof key === "string" ? createPrivateKey(key) : key,
        dsaEncoding: "ieee-p1363",
    });
    return `${content}.${signature.toString("base64url")}`;
}

/** Claims that are good now, for five minutes. */
export function currentClaims(issuer: string, audience: string, others: Claims = {}): Claims {
    const now = Math.floor(Date.now() / 1000);
    return { iss: issuer, aud: audience, sub: "verification", iat: now, exp: now + 300, ...others };
}

/** Tokens with the same claims that nobody signed, or with something else than the key: what it is -> the token. */
export function forgedTokens(key: string, claims: Claims): Record<string, string> {
    const good = signedToken(key, claims);
    const [header, , signature] = good.split(".") as [string, string, string];
    const publicKey = createPublicKey(key).export({ type: "spki", format: "pem" });
    const byHmac = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
    return {
        "by another key": signedToken(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, claims),
        "without a signature": `${encode({ alg: "none", typ: "JWT" })}.${encode(claims)}.`,
        "with other claims than signed": `${header}.${encode({ ...claims, sub: "another" })}.${signature}`,
        "by the public key as a shared secret": `${byHmac}.${createHmac("sha256", publicKey).update(byHmac).digest("base64url")}`,
        "that is none": "not-a-token",
    };
}
