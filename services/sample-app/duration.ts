/** Durations in the text form that Go, Kubernetes and Istio use: `250ms`, `12s`, `1.5m`, `1h`. */

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/**
 * Milliseconds in a duration.
 *
 * @throws RangeError when the text is not a number with one of the units ms, s, m, h.
 */
export function parseDuration(text: string): number {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
    if (!match)
        throw new RangeError(`"${text}" is not a duration: write a number with a unit, for example 500ms or 12s`);
    return Number(match[1]) * MILLISECONDS[match[2] as keyof typeof MILLISECONDS];
}
