import * as pulumi from "@pulumi/pulumi";

interface Outputs {
    /** The private key in PEM: secret. */
    privateKey: string;
    /** The public key as a JSON Web Key Set. */
    jwks: string;
}

/**
 * A key that signs tokens by ES256, made once and kept in the stack's state. Pulumi stores this object's source in the
 * state: it uses nothing from outside its methods.
 */
export const signingKeyProvider: pulumi.dynamic.ResourceProvider<object, Outputs> = {
    async create() {
        // eslint-disable-next-line @typescript-eslint/no-require-imports -- this function is stored with the provider
        const { generateKeyPairSync, randomUUID } = require("crypto") as typeof import("node:crypto");
        const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
        const key = { ...publicKey.export({ format: "jwk" }), use: "sig", alg: "ES256" };
        return {
            id: randomUUID(),
            outs: {
                privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
                jwks: JSON.stringify({ keys: [key] }),
            },
        };
    },
    async diff() {
        return { changes: false };
    },
};

/** The key of a development environment's tokens (S5): stays the same from one deployment to the next. */
export class SigningKey extends pulumi.dynamic.Resource {
    declare readonly privateKey: pulumi.Output<string>;
    declare readonly jwks: pulumi.Output<string>;

    constructor(name: string, opts?: pulumi.CustomResourceOptions) {
        super(
            signingKeyProvider,
            name,
            { privateKey: undefined, jwks: undefined },
            { ...opts, additionalSecretOutputs: ["privateKey"] },
            "security",
            "SigningKey",
        );
    }
}
