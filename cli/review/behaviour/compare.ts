import { differences, type Difference, type FieldDifference } from "../../../tests/verification/proxy-views/difference";
import { exactInterval, fisherTest } from "../../../tests/verification/statistics/two-samples";
import { falseAlarm } from "../../../tests/verification/statistics/sample-size";
import { show } from "../values";
import type { Measurement, ProbeMeasurement } from "./measurement";
import { nameOf } from "./probes";
import type { BehaviourComparison, BehaviourLine, ProxyDifference } from "./report";

/**
 * What a client sees differently, from what was measured on both sides. Shares differ when Fisher's exact test says so at
 * one false alarm in a million over all of the comparison together; what always has one answer, when the answers do.
 */
export function compareBehaviour(before: Measurement, after: Measurement): BehaviourComparison {
    const proxies = proxyDifferences(before, after);
    const pairs = before.probes.flatMap((old): [ProbeMeasurement, ProbeMeasurement][] => {
        const now = after.probes.find(({ probe }) => nameOf(probe) === nameOf(old.probe));
        return now ? [[old, now]] : [];
    });
    const tests = pairs.reduce((sum, pair) => sum + outcomesOf(...pair).length, 0);
    const lines: BehaviourLine[] = [];
    const unchanged: string[] = [];
    const add = (
        request: string,
        aspect: string,
        found: Omit<BehaviourLine, "request" | "aspect" | "because"> | undefined,
    ) => {
        if (!found) return void unchanged.push(`${request}: ${aspect}`);
        lines.push({ request, aspect, ...found, because: explain(aspect, request, proxies) });
    };
    for (const [old, now] of pairs) {
        const request = nameOf(old.probe);
        add(request, "answers", answersChange(old, now, falseAlarm / Math.max(1, tests)));
        if (old.tries && now.tries) add(request, "retries", triesChange(old.tries, now.tries));
        if (old.held && now.held) add(request, "time-out", heldChange(old.held, now.held));
    }
    for (const [aspect, key] of [
        ["plain text from outside the mesh", "plainText"],
        ["call inside the mesh", "calls"],
    ] as const)
        for (const name of new Set([...Object.keys(before[key]), ...Object.keys(after[key])]))
            add(name, aspect, outcomeChange(before[key][name], after[key][name]));
    return {
        ...{ lines, unchanged, proxies },
        how:
            `Measured with real requests through real proxies: ${before.requests} before (${before.seconds.toFixed(0)} s) and ${after.requests} after (${after.seconds.toFixed(0)} s), ` +
            "on one embedded cluster that was updated from the base to the change. Intervals are exact (Clopper-Pearson, 99.9 %); a difference in shares is reported at a false-alarm rate of one in a million for the whole table.",
    };
}

type Change = Omit<BehaviourLine, "request" | "aspect" | "because">;

const outcomesOf = (old: ProbeMeasurement, now: ProbeMeasurement): string[] =>
    [...new Set([...Object.keys(old.answers), ...Object.keys(now.answers)])].sort();

const total = (answers: Readonly<Record<string, number>>): number =>
    Object.values(answers).reduce((sum, count) => sum + count, 0);

function answersChange(old: ProbeMeasurement, now: ProbeMeasurement, level: number): Change | undefined {
    const [before, after] = [total(old.answers), total(now.answers)];
    if (before === 0 || after === 0) return undefined;
    const outcomes = outcomesOf(old, now).map((outcome) => ({
        outcome,
        a: { hits: old.answers[outcome] ?? 0, of: before },
        b: { hits: now.answers[outcome] ?? 0, of: after },
    }));
    const p = Math.min(...outcomes.map(({ a, b }) => fisherTest(a, b)));
    if (p > level) return undefined;
    const side = (which: "a" | "b") =>
        outcomes
            .filter((one) => one[which].hits > 0)
            .sort((one, other) => other[which].hits - one[which].hits)
            .map((one) => `${one.outcome} ${percent(one[which].hits / one[which].of)}`)
            .join(", ");
    const intervals = outcomes
        .filter(({ b }) => b.hits > 0)
        .map(({ outcome, b }) => {
            const [low, high] = exactInterval(b);
            return `${outcome} ${percent(low)} to ${percent(high)}`;
        });
    return {
        before: side("a"),
        after: side("b"),
        confidence: `${before} and ${after} requests, p ${scientific(p)}; after: ${intervals.join(", ")}`,
    };
}

function triesChange(
    old: { number: number; status: number },
    now: { number: number; status: number },
): Change | undefined {
    if (old.number === now.number && old.status === now.status) return undefined;
    const text = ({ number, status }: typeof old) => `${number - 1} retries, then ${status}`;
    return {
        before: text(old),
        after: text(now),
        confidence: "tries counted by the service, which failed each of them; once on each side",
    };
}

/** A time-out counts as another one when it differs by more than this share: machines are busy. */
const TOLERANCE = 0.35;

function heldChange(old: { status: number; ms: number }, now: { status: number; ms: number }): Change | undefined {
    const ratio = now.ms / old.ms;
    if (old.status === now.status && ratio < 1 + TOLERANCE && ratio > 1 / (1 + TOLERANCE)) return undefined;
    const text = ({ status, ms }: typeof old) => `${status} after ${(ms / 1000).toFixed(1)} s`;
    return {
        before: text(old),
        after: text(now),
        confidence: "a request that the service holds, timed once on each side",
    };
}

function outcomeChange(old: string | undefined, now: string | undefined): Change | undefined {
    if (old === now) return undefined;
    return {
        before: old ?? "not there",
        after: now ?? "not there",
        confidence: "the same answer in 3 of 3 on each side",
    };
}

const percent = (share: number): string => `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;

function scientific(p: number): string {
    return p < 1e-12 ? "< 1e-12" : p < 0.001 ? p.toExponential(0) : p.toFixed(3);
}

/** Fields that differ for reasons of their own: addresses of pods, and what depends on when something was made. */
const NOISE =
    /(address|resource_version|version_info|last_updated|terminal_typed_config|node\.id|pod_ip|load_assignment)/i;

/** What differs in the proxies that both sides have, without what changes at every start. */
export function proxyDifferences(before: Measurement, after: Measurement): ProxyDifference[] {
    return Object.entries(after.proxies).flatMap(([proxy, now]) => {
        const old = before.proxies[proxy];
        if (!old) return [];
        const fields = differences(old, now, ["listeners", "routes", "clusters"]).flatMap(describe);
        return fields.length > 0 ? [{ proxy, fields }] : [];
    });
}

const SIGNS = { added: "added", removed: "removed", changed: "changed" } as const;

function describe({ section, name, kind, fields }: Difference): string[] {
    if (kind !== "changed") return /\d+\.\d+\.\d+\.\d+/.test(name) ? [] : [`${section} ${name}: ${SIGNS[kind]}`];
    return fields
        .filter((field) => !isNoise(field))
        .map(({ path, before, after }) => `${section} ${name} ${path}: ${show(before)} -> ${show(after)}`);
}

function isNoise({ path, before, after }: FieldDifference): boolean {
    if (NOISE.test(path)) return true;
    const blank = (value: unknown) => JSON.stringify(value ?? null).replaceAll(/\d+\.\d+\.\d+\.\d+/g, "IP");
    return before !== undefined && after !== undefined && blank(before) === blank(after);
}

/** What in a proxy's configuration an aspect comes from. */
const CAUSES: Readonly<Record<string, RegExp>> = {
    answers:
        /^routes (?!.*(retry_policy|timeout)).*(weight|cluster|domains|match|virtual_hosts|removed|added|direct_response|redirect|fault|typed_per_filter)/,
    retries: /^routes .*retry_policy|num_retries/,
    "time-out": /timeout/,
    "plain text from outside the mesh": /^listeners .*(transport_socket|filter_chain|tls|virtualInbound)/i,
    "call inside the mesh": /rbac|^routes|^clusters|authz/i,
};

/** The fields that explain a difference: those of its aspect, such that name what was asked first. */
function explain(aspect: string, request: string, proxies: readonly ProxyDifference[]): string[] {
    const pattern = CAUSES[aspect] ?? /./;
    const words = request.split(/[\s/:,>-]+/).filter((word) => word.length > 3);
    const gatewayFirst = aspect === "answers" || aspect === "retries" || aspect === "time-out";
    return proxies
        .filter(({ proxy }) => !gatewayFirst || /gateway/.test(proxy))
        .flatMap(({ proxy, fields }) =>
            fields.filter((field) => pattern.test(field)).map((field) => ({ proxy, field })),
        )
        .map((one) => ({
            ...one,
            score: words.filter((word) => one.field.includes(word) || one.proxy.includes(word)).length,
        }))
        .sort((a, b) => b.score - a.score)
        .slice(0, 3)
        .map(({ proxy, field }) => `${proxy}: ${field}`);
}
