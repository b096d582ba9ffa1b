import { X509Certificate } from "node:crypto";
import { namedHosts } from "../../../../components/config/hosts";
import { defineSpec } from "../../spec";
import type { Handshake, TlsVersion } from "../../target/target";
import { describe, fail, grouped } from "../support/answers";
import { ecommerceServices } from "../support/names";
import { ecommerceEvidence } from "../ecommerce/evidence";

/** Every version of TLS that a client may offer, the oldest first. */
const versions: readonly TlsVersion[] = ["1.0", "1.1", "1.2", "1.3"];

/** What OpenSSL makes of the other side's word that it does not speak the offered version. */
const refusesVersion = /PROTOCOL_VERSION/;

export const https = defineSpec({
    name: "ecommerce-https",
    description:
        "TLS connections from outside that ask for each named host: the gateway shows the declared certificate, speaks the declared versions and no older ones, and the services answer over a connection that trusts this certificate alone. Hosts of HTTPS only redirect plain HTTP.",
    needs: ["ecommerce", "https", "named-host"],
    locks: () => [],
    checks: {
        certificate: {
            ids: ["P5"],
            title: "P5 certificate: the gateway shows each named host the declared certificate, and it is valid",
        },
        accepted: { ids: ["P5"], title: "P5 versions: the gateway speaks the declared versions of TLS" },
        refused: { ids: ["P5"], title: "P5 minimum: the gateway refuses each older version of TLS by saying so" },
        answers: {
            ids: ["P5", "C2"],
            title: "P5 C2 HTTPS: each service answers over a connection that trusts the certificate",
            needs: ["sample-app"],
        },
        redirect: {
            ids: ["P5"],
            title: "P5 redirect: plain HTTP to a host of HTTPS only is redirected, and its HTTPS is answered",
            needs: ["https-only-hosts", "sample-app"],
        },
    },
    evidence: ecommerceEvidence,
    async run({ target, config, check, all }) {
        const { tls, hosts } = config.ecommerce;
        if (!tls) throw new Error("ecommerce.tls is not set");
        const named = [...namedHosts(hosts), ...tls.httpsOnlyHosts];
        const oldest = versions.indexOf(tls.minimumVersion);
        const action = `kubectl -n ${config.ecommerce.namespace} get gateway ecommerce-gateway -o yaml: servers[].tls; kubectl -n istio-system get secret ${tls.secretName}`;
        const shake = (serverName: string, version?: TlsVersion) =>
            target.handshake({ serverName, ...(version && { version }) });
        const compareVersions = async (
            offered: readonly TlsVersion[],
            isRight: (handshake: Handshake, version: TlsVersion) => boolean,
            expected: string,
        ): Promise<void> => {
            const results = await Promise.all(
                offered.map(async (version) => ({ version, handshake: await shake(named[0]!, version) })),
            );
            const wrong = results.filter(({ version, handshake }) => !isRight(handshake, version));
            if (wrong.length === 0) return;
            fail({
                expected,
                seen: grouped(
                    wrong.map(({ version, handshake }) => ({
                        subject: `TLS ${version}`,
                        seen: "refused" in handshake ? handshake.refused : `spoken (${handshake.protocol})`,
                    })),
                ),
                cause: "the Gateway has no HTTPS server, another minProtocolVersion, or no certificate",
                action,
            });
        };
        const trustedFor = async (host: string) => target.certificate ?? (await shownCertificate(shake(host)));
        await all(
            () =>
                check("certificate", async () => {
                    const problems = await Promise.all(
                        named.map(async (host) => {
                            const handshake = await shake(host);
                            const problem = certificateProblem(handshake, host, target.certificate);
                            return problem === undefined ? [] : [{ subject: host, seen: problem }];
                        }),
                    );
                    if (problems.flat().length === 0) return;
                    fail({
                        expected: `a certificate for ${named.join(", ")} that is valid now${target.certificate ? ", the one that the program made" : ""}`,
                        seen: grouped(problems.flat()),
                        cause: "the Secret holds another certificate, is missing, or the Gateway names another one",
                        action,
                    });
                }),
            () =>
                check("accepted", () =>
                    compareVersions(
                        versions.slice(oldest),
                        (handshake, version) => "protocol" in handshake && handshake.protocol === `TLSv${version}`,
                        `connections by TLS ${versions.slice(oldest).join(" and ")}`,
                    ),
                ),
            () =>
                check("refused", () =>
                    compareVersions(
                        versions.slice(0, oldest),
                        (handshake) => "refused" in handshake && refusesVersion.test(handshake.refused),
                        `the gateway's word that it does not speak TLS ${versions.slice(0, oldest).join(", ")}`,
                    ),
                ),
            () =>
                check("answers", async () => {
                    const host = named[0]!;
                    const trusted = await trustedFor(host);
                    const results = await Promise.all(
                        ecommerceServices(config).map(async ({ name, path }) => {
                            const [answer] = await target.secureRequest({ path, host }, trusted);
                            return answer!.status === 200 && answer!.pod !== undefined
                                ? []
                                : [{ subject: name, seen: describe(answer!) }];
                        }),
                    );
                    if (results.flat().length === 0) return;
                    fail({
                        expected: `200 of a pod of each service at https://${host}`,
                        seen: grouped(results.flat()),
                        cause: "the gateway shows another certificate, or its HTTPS server has no routes",
                        action,
                    });
                }),
            () =>
                check("redirect", async () => {
                    const results = await Promise.all(
                        tls.httpsOnlyHosts.flatMap((host) =>
                            ecommerceServices(config).map(async ({ name, path }) => {
                                const problem = await redirectProblem(host, `${path}/42?page=2`);
                                return problem === undefined ? [] : [{ subject: `${host}: ${name}`, seen: problem }];
                            }),
                        ),
                    );
                    if (results.flat().length === 0) return;
                    fail({
                        expected: `301 to the same path over HTTPS, which a pod answers, for ${tls.httpsOnlyHosts.join(", ")}`,
                        seen: grouped(results.flat()),
                        cause: "the Gateway's server http-redirect was changed, or its HTTPS server lacks the host",
                        action,
                    });
                }),
        );

        /** What is wrong with the way of a request over plain HTTP to a host of HTTPS only. */
        async function redirectProblem(host: string, path: string): Promise<string | undefined> {
            const [plain] = await target.request({ path, host });
            const location = plain!.headers["location"];
            if (plain!.status !== 301 || plain!.pod !== undefined) return `plain HTTP: ${describe(plain!)}`;
            if (location !== `https://${host}${path}`) return `a redirect to ${location}`;
            const [secure] = await target.secureRequest({ path, host }, await trustedFor(host));
            return secure!.status === 200 && secure!.pod !== undefined ? undefined : `HTTPS: ${describe(secure!)}`;
        }
    },
});

/** What is wrong with the certificate for a host. */
function certificateProblem(handshake: Handshake, host: string, declared: string | undefined): string | undefined {
    if ("refused" in handshake) return handshake.refused;
    const { names, validFrom, validTo, fingerprint, pem } = handshake.certificate;
    const now = Date.now();
    if (new X509Certificate(pem).checkHost(host) === undefined)
        return `a certificate for ${names.join(", ") || "nobody"}`;
    if (now < validFrom.getTime() || validTo.getTime() <= now)
        return `a certificate that is valid from ${validFrom.toISOString()} to ${validTo.toISOString()}`;
    if (declared !== undefined && new X509Certificate(declared).fingerprint256 !== fingerprint)
        return `another certificate for ${names.join(", ")}`;
    return undefined;
}

/** The certificate that is shown: the one to trust where somebody else makes it. */
async function shownCertificate(handshake: Promise<Handshake>): Promise<string> {
    const outcome = await handshake;
    if ("refused" in outcome) throw new Error(`the gateway shows no certificate: ${outcome.refused}`);
    return outcome.certificate.pem;
}
