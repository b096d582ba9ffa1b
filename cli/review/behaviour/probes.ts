import type { KubernetesObject } from "../../../tests/verification/target/target";

/** A kind of request that a client may send, derived from a route. */
export interface Probe {
    readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
    readonly host: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
}

/** A request that no route of the platform is meant to take. */
const NOWHERE = "/istio-platform-review/no-such-path";

/** The host of requests to routes for every host. */
const ANY_HOST = "any-host.review.invalid";

interface Match {
    uri?: TextMatch;
    method?: TextMatch;
    headers?: Record<string, TextMatch>;
    authority?: TextMatch;
}
type TextMatch = { exact?: string; prefix?: string; regex?: string };
interface VirtualService {
    hosts?: string[];
    gateways?: string[];
    http?: { match?: Match[] }[];
}

/**
 * The requests that reach every rule of the VirtualServices which a gateway serves: one for each host and condition. A
 * route that one side alone has is asked on both, so that a removed one is noticed.
 */
export function probesOf(virtualServices: readonly KubernetesObject[]): Probe[] {
    const probes = virtualServices.flatMap(({ spec }) => {
        const { hosts = [], gateways = ["mesh"], http = [] } = (spec ?? {}) as VirtualService;
        if (gateways.every((gateway) => gateway === "mesh")) return [];
        return hosts
            .map(hostFor)
            .flatMap((host) => [
                ...http.flatMap(({ match = [{}] }) => match.flatMap((one) => probeFor(host, one))),
                { method: "GET", host, path: NOWHERE, headers: {} } as const,
            ]);
    });
    return unite(probes);
}

/** Each request once, in a fixed order. */
export function unite(probes: readonly Probe[]): Probe[] {
    return [...new Map(probes.map((probe) => [nameOf(probe), probe])).values()].sort((a, b) =>
        nameOf(a) < nameOf(b) ? -1 : 1,
    );
}

/** `GET api.c4ang.com/api/v1/orders, x-version: v2`. */
export function nameOf({ method, host, path, headers }: Probe): string {
    const shown = Object.entries(headers).map(([name, value]) => `, ${name}: ${value}`);
    return `${method} ${host === ANY_HOST ? "(any host)" : host}${path}${shown.join("")}`;
}

/** A host that a VirtualService's host admits. */
function hostFor(host: string): string {
    return host === "*" ? ANY_HOST : host.replace(/^\*\./, "any.");
}

function probeFor(host: string, { uri, method, headers = {}, authority }: Match): Probe[] {
    const path = uri === undefined ? "/" : sample(uri);
    const verb = method === undefined ? "GET" : sample(method);
    const entries = Object.entries(headers).map(([name, match]) => [name, sample(match)] as const);
    const asked = authority === undefined ? host : (sample(authority) ?? host);
    if (path === undefined || !isMethod(verb)) return [];
    const values = entries.map(([name, value]) => [name, value] as [string, string | undefined]);
    // A condition that no example is known for is left out: the rule after it answers, on both sides.
    if (values.some(([, value]) => value === undefined)) return [];
    return [{ method: verb, host: asked, path, headers: Object.fromEntries(values) as Record<string, string> }];
}

function isMethod(text: string | undefined): text is Probe["method"] {
    return ["GET", "POST", "PUT", "PATCH", "DELETE"].includes(text ?? "");
}

/** A text that a condition admits; undefined where it takes more than a look to find one. */
function sample({ exact, prefix, regex }: TextMatch): string | undefined {
    if (exact !== undefined) return exact;
    if (prefix !== undefined) return prefix;
    if (regex === undefined) return "1";
    // `^(.*;\s*)?canary=true(;.*)?$`: what is optional is left out.
    const plain = regex
        .replace(/^\^|\$$/g, "")
        .replaceAll(/\((?:\?:)?[^()]*\)\?/g, "")
        .replaceAll(/\((?:\?:)?([^()|]*)(?:\|[^()]*)?\)/g, "$1")
        .replaceAll(/\.\*|\.\+|\\d\+|\\w\+|\[[^\]]*\][+*]/g, (part) =>
            part.endsWith("+") || part.startsWith("[") ? "1" : "",
        )
        .replaceAll("\\s*", "")
        .replaceAll(/\\(.)/g, "$1");
    try {
        return new RegExp(`^(?:${regex})$`).test(plain) ? plain : undefined;
    } catch {
        return undefined;
    }
}
