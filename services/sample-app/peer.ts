import type http from "node:http";

/**
 * Identity of the caller in mutual TLS: the URI of the last element of `x-forwarded-client-cert`, the one that the pod's
 * own sidecar has added. What comes before was written by others.
 */
export function peerOf(headers: http.IncomingHttpHeaders): string | null {
    const header = headers["x-forwarded-client-cert"];
    if (header === undefined) return null;
    // Quoted values (a certificate's subject) may contain the separators.
    const plain = [header]
        .flat()
        .join(",")
        .replace(/"(?:[^"\\]|\\.)*"/g, '""');
    const last = plain.split(",").at(-1)!;
    const uri = last.split(";").find((pair) => pair.trim().startsWith("URI="));
    return uri?.trim().slice("URI=".length) ?? null;
}
