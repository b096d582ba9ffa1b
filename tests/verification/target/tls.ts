import tls from "node:tls";
import type { Handshake, HandshakeOptions } from "./target";

/** TLS as a client outside sees it: versions and certificates of the HTTPS entrance. */

/** Milliseconds for a handshake. */
const limit = 5_000;

/** Opens a TLS connection, looks at it and closes it. What the other side refuses is an outcome, not an error. */
export function shakeHands(
    { address, port }: { address: string; port: number },
    { serverName, version }: HandshakeOptions,
): Promise<Handshake> {
    return new Promise((resolve) => {
        const only = version && (`TLSv${version === "1.0" ? "1" : version}` as tls.SecureVersion);
        const socket = tls.connect({
            host: address,
            port,
            servername: serverName,
            // The certificate is judged by whoever asks for it.
            rejectUnauthorized: false,
            timeout: limit,
            // At its usual level OpenSSL itself would not offer the old versions.
            ...(only && { minVersion: only, maxVersion: only, ciphers: "DEFAULT@SECLEVEL=0" }),
        });
        const end = (outcome: Handshake): void => {
            resolve(outcome);
            socket.destroy();
        };
        socket.on("error", ({ message, code }: NodeJS.ErrnoException) => end({ refused: code ?? message }));
        socket.on("timeout", () => end({ refused: `no answer within ${limit / 1000} s` }));
        socket.on("close", () => end({ refused: "the connection was closed" }));
        socket.on("secureConnect", () => {
            const { subjectaltname = "", valid_from, valid_to, fingerprint256, raw } = socket.getPeerCertificate();
            end({
                protocol: socket.getProtocol() ?? "unknown",
                certificate: {
                    names: subjectaltname
                        .split(", ")
                        .flatMap((name) => (name.startsWith("DNS:") ? [name.slice(4)] : [])),
                    validFrom: new Date(valid_from),
                    validTo: new Date(valid_to),
                    fingerprint: fingerprint256,
                    pem: `-----BEGIN CERTIFICATE-----\n${raw.toString("base64").replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`,
                },
            });
        });
    });
}
