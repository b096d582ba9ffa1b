import type { CostLine } from "../cost/estimate";

/** What a month costs before and after a change. */
export interface CostComparison {
    /** US dollars a month; undefined on a side that is on no cluster of AWS. */
    readonly before: number | undefined;
    readonly after: number | undefined;
    /** The resources that cost something else, the largest difference first. */
    readonly lines: readonly CostDifference[];
    /** Why there is no comparison. */
    readonly problem?: string;
}

export interface CostDifference {
    readonly resource: string;
    /** What it is charged as, on either side. */
    readonly charged: string;
    readonly before: number;
    readonly after: number;
}

/** Compares two estimates resource by resource. */
export function compareCosts(
    before: readonly CostLine[] | undefined,
    after: readonly CostLine[] | undefined,
): CostComparison {
    const resources = new Set([...(before ?? []), ...(after ?? [])].map(({ resource }) => resource));
    const lines = [...resources].flatMap((resource): CostDifference[] => {
        const of = (side: readonly CostLine[] | undefined) => (side ?? []).filter((line) => line.resource === resource);
        const [old, now] = [of(before), of(after)];
        const [from, to] = [sum(old), sum(now)];
        const charged = [...new Set([...old, ...now].map(({ price, quantity }) => `${price} × ${quantity}`))].join(
            " -> ",
        );
        return Math.abs(to - from) < 0.005 ? [] : [{ resource, charged, before: from, after: to }];
    });
    return {
        before: before && sum(before),
        after: after && sum(after),
        lines: lines.sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before)),
    };
}

function sum(lines: readonly CostLine[]): number {
    return lines.reduce((total, { usd }) => total + usd, 0);
}
