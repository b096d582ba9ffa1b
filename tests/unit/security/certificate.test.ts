import { strict as assert } from "node:assert";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { certificateProvider, certificateHosts } from "../../../components/security";
import { gatewaySpec } from "../../../components/traffic";

const inputs = { dnsNames: ["api.c4ang.com", "*.c4ang.com"], validDays: 365, renewBeforeDays: 30 };
const day = 86_400_000;

describe("Security: the certificate of the HTTPS entrance", function () {
    // A key takes a moment; a machine that is busy with other things may take far longer.
    this.timeout(30_000);
    const { create, diff } = certificateProvider;
    type State = Awaited<ReturnType<typeof create>>["outs"];
    let state: NonNullable<State>;
    before(async () => (state = (await create(inputs)).outs!));

    it("P5 is for the names, signed by its own key, valid from now on for the declared time", () => {
        const certificate = new X509Certificate(state.certificate);
        assert.equal(certificate.subjectAltName, "DNS:api.c4ang.com, DNS:*.c4ang.com");
        assert.equal(certificate.subject, "CN=api.c4ang.com");
        assert.ok(certificate.verify(certificate.publicKey));
        assert.ok(certificate.checkPrivateKey(createPrivateKey(state.privateKey)));
        const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
        assert.equal(to - from, 365 * day);
        assert.ok(Math.abs(Date.now() - from) < 60_000);
        assert.equal(Date.parse(state.validTo) - (Date.parse(state.validTo) % 1000), to);
    });

    it("stays as it is from one deployment to the next", async () => {
        assert.deepEqual(await diff!("id", state, inputs), {
            changes: false,
            replaces: [],
            deleteBeforeReplace: false,
        });
    });

    it("is made anew when its end comes near, for other names and for another time", async () => {
        const replaces = async (olds: object, news: object) =>
            (await diff!("id", { ...state, ...olds }, { ...inputs, ...news })).replaces;
        const soon = new Date(Date.now() + 29 * day).toISOString();
        assert.deepEqual(await replaces({ validTo: soon }, {}), ["renewBeforeDays"]);
        assert.deepEqual(await replaces({}, { dnsNames: ["shop.c4ang.com"] }), ["dnsNames"]);
        assert.deepEqual(await replaces({}, { validDays: 90 }), ["validDays"]);
    });

    it('is for names, not for "*"', () =>
        assert.deepEqual(certificateHosts(["api.c4ang.com", "*"]), ["api.c4ang.com"]));
});

describe("Security: the HTTPS server of a Gateway", () => {
    const args = { namespace: "ecommerce", selector: { istio: "ingressgateway" }, hosts: ["api.c4ang.com", "*"] };

    it("P5 is on port 443 with the Secret and the oldest version of TLS", () => {
        const [, server] = gatewaySpec({ ...args, tls: { secretName: "ecommerce-tls-cert", minimumVersion: "1.2" } })
            .servers as [unknown, unknown];
        assert.deepEqual(server, {
            port: { number: 443, name: "https", protocol: "HTTPS" },
            tls: { mode: "SIMPLE", credentialName: "ecommerce-tls-cert", minProtocolVersion: "TLSV1_2" },
            hosts: ["api.c4ang.com", "*"],
        });
    });

    it("P5 hosts of HTTPS only have it, and a server that redirects plain HTTP", () => {
        const tls = { secretName: "s", minimumVersion: "1.3", httpsOnlyHosts: ["secure.c4ang.com"] } as const;
        const [http, https, redirect] = gatewaySpec({ ...args, tls }).servers;
        assert.deepEqual(http!.hosts, args.hosts);
        assert.deepEqual(https!.hosts, [...args.hosts, "secure.c4ang.com"]);
        assert.deepEqual(redirect, {
            port: { number: 80, name: "http-redirect", protocol: "HTTP" },
            tls: { httpsRedirect: true },
            hosts: ["secure.c4ang.com"],
        });
    });

    it("is not there where nothing is said of TLS", () => assert.equal(gatewaySpec(args).servers.length, 1));
});
