import { isKnown, type Maybe } from "./unknown";

const MILLISECONDS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds in a duration as Istio writes it (`1h30m`, `500ms`, `0.5s`); undefined when it is none. */
export function readDuration(text: Maybe<string>): Maybe<number> {
    if (!isKnown(text)) return text;
    if (text === "0") return 0;
    const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/gy)];
    const length = parts.reduce((sum, [part]) => sum + part.length, 0);
    if (parts.length === 0 || length !== text.length) return undefined;
    return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (MILLISECONDS[unit as string] as number), 0);
}
