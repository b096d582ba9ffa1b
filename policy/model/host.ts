import type { Service } from "./service";
import type { ServiceEntry } from "./service-entry";
import { isKnown, type Maybe } from "./unknown";

/** What a host in a route or DestinationRule stands for. */
export type Resolution =
    | { readonly status: "service"; readonly service: Service; readonly fqdn: string }
    | { readonly status: "service-entry"; readonly entry: ServiceEntry; readonly fqdn: string }
    /** Cannot be told: the host or what it names is not known yet, or lies in a part of the cluster not described here. */
    | { readonly status: "unknown"; readonly fqdn?: string }
    | { readonly status: "missing"; readonly fqdn: string; readonly suggestion?: string };

/**
 * The name a host stands for. Istio completes names without a dot with the namespace of the object that says them;
 * a name with a dot is taken as it is, so that `shop.web` is *not* the Service `shop` of the namespace `web`.
 */
export function toFqdn(host: string, namespace: string): string {
    return host.includes(".") || host === "*" ? host : `${host}.${namespace}.svc.cluster.local`;
}

/** Name and namespace in a cluster-local name; undefined for other hosts. */
export function parseFqdn(fqdn: string): { name: string; namespace: string } | undefined {
    const match = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(fqdn);
    return match ? { name: match[1] as string, namespace: match[2] as string } : undefined;
}

/** A name that stands for the same destination as another one, or undefined while it is not known. */
export function sameHost(left: Resolution, right: Resolution): boolean {
    return left.fqdn !== undefined && left.fqdn === right.fqdn;
}

/** The name most like the given one, if one is close enough to be a slip of the keyboard. */
export function closest(name: string, candidates: Iterable<Maybe<string>>): string | undefined {
    let best: { candidate: string; distance: number } | undefined;
    for (const candidate of candidates) {
        if (!isKnown(candidate)) continue;
        if (Math.abs(candidate.length - name.length) > Math.max(1, Math.floor(name.length / 4))) continue;
        const distance = editDistance(name, candidate);
        if (distance <= Math.max(1, Math.floor(name.length / 4)) && (!best || distance < best.distance))
            best = { candidate, distance };
    }
    return best?.candidate;
}

/** Edit distance: insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(left: string, right: string): number {
    const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, index) => index)];
    const cell = (row: number, column: number): number => rows[row]?.[column] ?? 0;
    for (let row = 1; row <= left.length; row++) {
        const current = [row];
        rows.push(current);
        for (let column = 1; column <= right.length; column++) {
            const replaced = cell(row - 1, column - 1) + (left[row - 1] === right[column - 1] ? 0 : 1);
            const swapped =
                row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
                    ? cell(row - 2, column - 2) + 1
                    : Infinity;
            current.push(Math.min(cell(row - 1, column) + 1, cell(row, column - 1) + 1, replaced, swapped));
        }
    }
    return cell(left.length, right.length);
}
