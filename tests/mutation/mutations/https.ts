import { generateKeyPairSync } from "node:crypto";
import forge from "node-forge";
import { namedHosts } from "../../../components/config/hosts";
import type { PlainObject } from "../cluster/api";
import { objects, type Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { inGatewayListeners, inGatewayRoutes } from "./look";
import { gatewayTable, union } from "./red";

/** Mistakes at the HTTPS entrance. */

const customer = "customer-api";

const allOfHttps: CheckSet = { "ecommerce-https": ["certificate", "accepted", "refused", "answers", "redirect"] };

/** What is sent over HTTP and HTTPS alike. */
const besideHttp: CheckSet = { "ecommerce-global-rate-limit": ["together"] };

/** Name of no declared host. */
const foreignName = "shop.example.org";

/** The first host that a certificate can be for. */
const namedHost = ({ config }: Mesh): string => namedHosts(config.ecommerce.hosts)[0]!;

/** Changes the HTTPS server of the shop's Gateway; shows in what the gateway's Envoy listens with. */
function httpsServer(
    mutation: Pick<Mutation, "name" | "description" | "expectRed">,
    change: (spec: PlainObject["spec"]) => void,
    shows: (listeners: string) => boolean,
): Mutation {
    return {
        ...mutation,
        ids: ["P5"],
        needs: ["ecommerce", "https"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("Gateway", config, "ecommerce-gateway"), ({ spec }) => change(spec)),
        traces: (mesh) => inGatewayListeners(mesh, shows),
    };
}

const secure = (spec: PlainObject["spec"]) =>
    (spec.servers as { port: { number: number }; tls: Record<string, string> }[]).find(
        ({ port }) => port.number === 443,
    )!;

export const https: readonly Mutation[] = [
    httpsServer(
        {
            name: "https-minimum-lowered",
            description: "The HTTPS entrance also speaks versions of TLS that are older than declared.",
            expectRed: { "ecommerce-https": ["refused"] },
        },
        (spec) => {
            secure(spec).tls["minProtocolVersion"] = "TLSV1_0";
        },
        (listeners) => listeners.includes('"tls_minimum_protocol_version": "TLSv1_0"'),
    ),
    httpsServer(
        {
            name: "https-minimum-raised",
            description: "The HTTPS entrance speaks the newest version of TLS only.",
            expectRed: { "ecommerce-https": ["accepted"] },
        },
        (spec) => {
            secure(spec).tls["minProtocolVersion"] = "TLSV1_3";
        },
        (listeners) => listeners.includes('"tls_minimum_protocol_version": "TLSv1_3"'),
    ),
    httpsServer(
        {
            name: "https-server-removed",
            description: "The Gateway of the shop has no HTTPS server.",
            expectRed: union(allOfHttps, gatewayTable, besideHttp),
        },
        (spec) => {
            spec.servers = spec.servers.filter((server: unknown) => server !== secure(spec));
        },
        (listeners) => !listeners.includes("https.443"),
    ),
    {
        name: "https-other-certificate",
        ids: ["P5"],
        description: `The Secret of the HTTPS entrance holds a certificate for ${foreignName}.`,
        needs: ["ecommerce", "https"],
        apply: (changes, { config }) => {
            const { certificate, privateKey } = certificateFor(foreignName);
            const base64 = (text: string) => Buffer.from(text).toString("base64");
            return changes.edit(objects.istio("Secret", config.ecommerce.tls!.secretName), (secret) => {
                secret["data"] = { "tls.crt": base64(certificate), "tls.key": base64(privateKey) };
            });
        },
        traces: async (mesh) => {
            const handshake = await mesh.target.handshake({ serverName: namedHost(mesh) });
            return ["certificate" in handshake && handshake.certificate.names.includes(foreignName)];
        },
        expectRed: union(besideHttp, { "ecommerce-https": ["certificate", "answers", "redirect"] }),
    },
    {
        name: "https-redirect-removed",
        ids: ["P5"],
        description: "A host of HTTPS only is answered over plain HTTP, too.",
        needs: ["ecommerce", "https-only-hosts"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("Gateway", config, "ecommerce-gateway"), ({ spec }) => {
                const redirect = (spec.servers as { tls?: Record<string, unknown> }[]).find(
                    ({ tls }) => tls?.["httpsRedirect"],
                );
                delete redirect!.tls;
            }),
        traces: async (mesh) =>
            Promise.all(
                (await mesh.proxies("gateway")).map(
                    async (pod) => !(await mesh.target.proxy(pod).get("config_dump")).includes('"require_tls"'),
                ),
            ),
        expectRed: { "ecommerce-https": ["redirect"] },
    },
    {
        name: "https-fault",
        ids: ["P5"],
        description: `Over HTTPS alone, one request in a thousand to ${customer} is aborted.`,
        needs: ["ecommerce", "https"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("VirtualService", config, customer), ({ spec }) => {
                const [route] = spec.http;
                const match = route.match.map((one: object) => ({ ...one, port: 443 }));
                spec.http = [
                    { ...route, match, fault: { abort: { httpStatus: 503, percentage: { value: 0.1 } } } },
                    route,
                ];
            }),
        traces: (mesh) =>
            inGatewayRoutes(mesh, (all) =>
                all.some(
                    ({ match, typed_per_filter_config: filters }) =>
                        match?.["prefix"] === mesh.config.ecommerce.services[customer]!.path &&
                        JSON.stringify(filters ?? {}).includes("abort"),
                ),
            ),
        expectRed: gatewayTable,
        mayRed: { "ecommerce-https": ["answers"] },
    },
];

/** A self-signed certificate for a name. */
function certificateFor(name: string): { certificate: string; privateKey: string } {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", {
        modulusLength: 2048,
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
        publicKeyEncoding: { type: "spki", format: "pem" },
    });
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
    certificate.serialNumber = "01";
    certificate.validity.notBefore = new Date();
    certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
    const subject = [{ name: "commonName", value: name }];
    certificate.setSubject(subject);
    certificate.setIssuer(subject);
    certificate.setExtensions([{ name: "subjectAltName", altNames: [{ type: 2, value: name }] }]);
    certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
    return { certificate: forge.pki.certificateToPem(certificate), privateKey };
}
