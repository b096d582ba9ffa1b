import { when, type Finding } from "../finding";
import type { PlatformConfig } from "../platform";
import { milliseconds } from "../units";

/** Rules that Prometheus would take and that could never fire, or that nobody could tell apart. */
export function ruleProblems({ monitoring: { rules }, ecommerce }: PlatformConfig): Finding[] {
    if (!ecommerce.enabled) return [];
    const { burnRates, availability } = rules.objective;
    return burnRates.flatMap(({ factor, long, short }, index): Finding[] => {
        const at = `monitoring.rules.objective.burnRates.${index}`;
        const share = factor * (100 - availability);
        return [
            ...when(milliseconds(short) >= milliseconds(long), [
                `${at}.short`,
                `${short} is not shorter than the long window of ${long}: it shows whether errors go on`,
            ]),
            ...when(burnRates.findIndex((other) => other.long === long) < index, [
                `${at}.long`,
                `${long} is already the long window of another pair: the alerts could not be told apart`,
            ]),
            ...when(share > 100, [
                `${at}.factor`,
                `at ${availability} % a budget that is used up ${factor} times as fast are ${Number(share.toPrecision(4))} % errors, more than there can be`,
            ]),
        ];
    });
}
