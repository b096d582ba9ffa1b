import { createPrivateKey, sign } from "node:crypto";
import type { PlatformConfig } from "../../components/config/platform";

/**
 * A token that opens the tools of an environment's monitoring (S1), where the program itself made the key.
 *
 * @param key The key in PEM.
 * @param hours For how long it is good.
 */
export function viewerToken({ monitoring }: Pick<PlatformConfig, "monitoring">, key: string, hours: number): string {
    const { issuer, audience, claim } = monitoring.access!;
    const now = Math.floor(Date.now() / 1000);
    const claims = {
        iss: issuer,
        aud: audience,
        sub: "dashboard",
        iat: now,
        exp: now + 3600 * hours,
        [claim.name]: claim.value,
    };
    const content = [{ alg: "ES256", typ: "JWT" }, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
        .join(".");
    // The form of the signature that JSON Web Tokens have.
    const signature = sign("sha256", Buffer.from(content), { key: createPrivateKey(key), dsaEncoding: "ieee-p1363" });
    return `${content}.${signature.toString("base64url")}`;
}
