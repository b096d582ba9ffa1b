import { MeshObject, type SourceObject } from "./object";
import { type Answer, isKnown, type Maybe, UNKNOWN } from "./unknown";

/** A ServiceEntry: hosts outside the cluster (or virtual ones) that the mesh knows. */
export class ServiceEntry extends MeshObject {
    readonly hosts: readonly Maybe<string>[];
    readonly ports: readonly Maybe<number>[];

    constructor(source: SourceObject) {
        super(source);
        const hosts = this.root.get("spec", "hosts");
        this.hosts = hosts.isUnknown ? [UNKNOWN] : hosts.items().map((item) => item.text());
        this.ports = this.root
            .get("spec", "ports")
            .items()
            .map((port) => port.get("number").number());
    }

    /** Whether one of the hosts is, or by a wildcard covers, the given one. */
    has(host: string): Answer {
        if (this.hosts.includes(UNKNOWN)) return "maybe";
        return this.hosts.some((known) => isKnown(known) && covers(known, host)) ? "yes" : "no";
    }
}

/** Whether a host pattern (`*`, `*.name` or a name) covers a host, which may itself be a pattern. */
export function covers(pattern: string, host: string): boolean {
    if (pattern === "*" || pattern === host) return true;
    return pattern.startsWith("*.") && host !== "*" && host.replace(/^\*/, "").endsWith(pattern.slice(1));
}

/** Whether two host patterns have a host in common. */
export function overlaps(left: string, right: string): boolean {
    return covers(left, right) || covers(right, left);
}
