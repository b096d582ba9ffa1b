import * as pulumi from "@pulumi/pulumi";

/** What a certificate is made from. Other names or another time make another certificate. */
export interface SelfSignedCertificateArgs {
    /** DNS names that it is for; the first one is its common name. `*.name` is allowed. */
    dnsNames: pulumi.Input<string[]>;
    /** Days from its making to its end. */
    validDays: pulumi.Input<number>;
    /** Days before its end from which on a deployment makes a new one. */
    renewBeforeDays: pulumi.Input<number>;
}

interface Outputs {
    /** The certificate in PEM. */
    certificate: string;
    /** Its private key in PEM: secret. */
    privateKey: string;
    /** Its end as an ISO 8601 time. */
    validTo: string;
}

type Inputs = pulumi.Unwrap<SelfSignedCertificateArgs>;
type State = Inputs & Outputs;

/**
 * A certificate and its key, made once and kept in the stack's state. Pulumi stores this object's source in the state: it
 * uses nothing from outside its methods.
 */
export const certificateProvider: pulumi.dynamic.ResourceProvider<Inputs, State> = {
    async create(inputs) {
        // eslint-disable-next-line @typescript-eslint/no-require-imports -- this function is stored with the provider
        const { generateKeyPairSync, randomBytes } = require("crypto") as typeof import("node:crypto");
        // eslint-disable-next-line @typescript-eslint/no-require-imports -- this function is stored with the provider
        const forge = require("node-forge") as typeof import("node-forge");
        const { privateKey: privateKeyPem, publicKey } = generateKeyPairSync("rsa", {
            modulusLength: 2048,
            privateKeyEncoding: { type: "pkcs8", format: "pem" },
            publicKeyEncoding: { type: "spki", format: "pem" },
        });
        const certificate = forge.pki.createCertificate();
        certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
        // A positive number of 16 bytes.
        certificate.serialNumber = `01${randomBytes(15).toString("hex")}`;
        const start = new Date();
        certificate.validity.notBefore = start;
        certificate.validity.notAfter = new Date(start.getTime() + inputs.validDays * 86_400_000);
        const name = [{ name: "commonName", value: inputs.dnsNames[0] as string }];
        certificate.setSubject(name);
        certificate.setIssuer(name);
        certificate.setExtensions([
            // Its own authority: a client that trusts it trusts nothing else by it.
            { name: "basicConstraints", cA: true, pathLenConstraint: 0, critical: true },
            { name: "keyUsage", digitalSignature: true, keyEncipherment: true, keyCertSign: true, critical: true },
            { name: "extKeyUsage", serverAuth: true },
            { name: "subjectAltName", altNames: inputs.dnsNames.map((value) => ({ type: 2, value })) },
        ]);
        certificate.sign(forge.pki.privateKeyFromPem(privateKeyPem), forge.md.sha256.create());
        return {
            id: certificate.serialNumber,
            outs: {
                ...inputs,
                certificate: forge.pki.certificateToPem(certificate).replace(/\r\n/g, "\n"),
                privateKey: privateKeyPem,
                validTo: certificate.validity.notAfter.toISOString(),
            },
        };
    },
    async diff(_id, olds, news) {
        const differ = (key: keyof typeof news) => JSON.stringify(olds[key]) !== JSON.stringify(news[key]);
        const due = Date.parse(olds.validTo) - news.renewBeforeDays * 86_400_000 <= Date.now();
        const replaces = [...(["dnsNames", "validDays"] as const).filter(differ), ...(due ? ["renewBeforeDays"] : [])];
        return { changes: replaces.length > 0 || differ("renewBeforeDays"), replaces, deleteBeforeReplace: false };
    },
    async update(_id, olds, news) {
        return { outs: { ...olds, ...news } };
    },
};

/** A self-signed certificate (P5): stays the same from one deployment to the next until its end comes near. */
export class SelfSignedCertificate extends pulumi.dynamic.Resource {
    declare readonly certificate: pulumi.Output<string>;
    declare readonly privateKey: pulumi.Output<string>;
    declare readonly validTo: pulumi.Output<string>;

    constructor(name: string, args: SelfSignedCertificateArgs, opts?: pulumi.CustomResourceOptions) {
        super(
            certificateProvider,
            name,
            { ...args, certificate: undefined, privateKey: undefined, validTo: undefined },
            { ...opts, additionalSecretOutputs: ["privateKey"] },
            "security",
            "SelfSignedCertificate",
        );
    }
}
