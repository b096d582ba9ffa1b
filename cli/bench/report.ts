import { cpus, totalmem } from "node:os";

/** A step and how long each of its runs took, in seconds. */
export interface Measurement {
    name: string;
    seconds: readonly number[];
}

/** Memory of the processes of one kind. */
export interface Memory {
    name: string;
    processes: number;
    /** Resident set size of all of them together, in MiB; pages that several share count in each. */
    residentMiB: number;
    /** Proportional set size of all of them together, in MiB; a shared page counts once. */
    proportionalMiB: number;
}

/** How long a part of the tools took to build, in seconds. */
export interface ToolBuild {
    name: string;
    seconds: number;
}

/** What the last run of the suite said. */
export interface SuiteCounts {
    passed: number;
    skipped: number;
}

/** All that was measured of one environment. */
export interface Measurements {
    /** What it runs on, for example `an embedded cluster of its own, one node`. */
    cluster: string;
    steps: readonly Measurement[];
    suite: SuiteCounts;
    memory: readonly Memory[];
}

/** Name of the step that all others of a run are compared with. */
export const referenceStep = "preview, nothing deployed";

/** Headings of docs/benchmarks.md, in their order. */
export const headings = {
    local: "The embedded cluster (`local`)",
    dev: "The kind cluster (`dev`)",
    tools: "First set-up",
} as const;

const introduction = [
    "# Benchmarks",
    "",
    "Made by `npm run bench -- --stack local` and `--stack dev`, each on a cluster of its own; the tools were already built. Every step is",
    "a whole command (`npm run <step>` without npm in between), Pulumi's engine and policy pack included. Compare the ratios, not the",
    `seconds: the last column is the median against the median of \`${referenceStep}\` of the same run.`,
    "",
    "`verify --watch` answers a changed time-out of one VirtualService, spoiled and restored in turn, while the command goes on. The",
    "verification cannot be shorter than the declared ejections and time-outs (30 s), which it waits for side by side; the rest is the",
    "machine's work for the requests.",
    "",
].join("\n");

/** The middle one of some values. */
export function median(values: readonly number[]): number {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length / 2;
    return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * docs/benchmarks.md with some sections replaced or added; the others stay as they are.
 * @param document What it was before; empty where there was none.
 */
export function withSections(
    document: string,
    sections: Readonly<Partial<Record<keyof typeof headings, string>>>,
): string {
    const before = new Map(
        document
            .split(/^## /m)
            .slice(1)
            .map((section): [string, string] => {
                const end = section.indexOf("\n");
                return [section.slice(0, end).trim(), section.slice(end).trim()];
            }),
    );
    const parts = (Object.keys(headings) as (keyof typeof headings)[]).flatMap((key) => {
        const text = sections[key] ?? before.get(headings[key]);
        return text === undefined ? [] : [`## ${headings[key]}\n\n${text.trim()}\n`];
    });
    return [introduction, ...parts].join("\n");
}

/** The section about an environment. Ratios are against the first preview of the same run: machines are noisy. */
export function environmentSection({ cluster, steps, suite, memory }: Measurements): string {
    const reference = median(steps.find(({ name }) => name === referenceStep)!.seconds);
    const gib = (totalmem() / 1024 ** 3).toFixed(0);
    const sum = (key: "processes" | "residentMiB" | "proportionalMiB") =>
        memory.reduce((total, row) => total + row[key], 0);
    return [
        `One run on ${cluster}, on one machine: ${cpus().length} cores, ${gib} GiB, Node.js ${process.versions.node}. The suite: ${suite.passed} checks`,
        `passed, none failed, ${suite.skipped} skipped.`,
        "",
        ...table(
            ["step", "runs", "minimum s", "median s", "maximum s", "ratio"],
            steps.map(({ name, seconds }) => [
                name,
                String(seconds.length),
                Math.min(...seconds).toFixed(2),
                median(seconds).toFixed(2),
                Math.max(...seconds).toFixed(2),
                (median(seconds) / reference).toFixed(2),
            ]),
        ),
        "",
        "Memory of the cluster's processes with everything deployed, in MiB:",
        "",
        ...table(
            ["process", "number", "resident (RSS)", "proportional (PSS)"],
            [
                ...memory.map(({ name, processes, residentMiB, proportionalMiB }) => [
                    name,
                    String(processes),
                    residentMiB.toFixed(0),
                    proportionalMiB.toFixed(0),
                ]),
                ["all", String(sum("processes")), sum("residentMiB").toFixed(0), sum("proportionalMiB").toFixed(0)],
            ],
        ),
    ].join("\n");
}

/** The section about the tools; undefined where they were not built on this machine. */
export function toolsSection(tools: readonly ToolBuild[]): string | undefined {
    if (tools.length === 0) return undefined;
    return [
        "How long the tools took when they were built on this machine, with the caches as they were then.",
        "",
        ...table(
            ["part", "s"],
            tools.map(({ name, seconds }) => [name, seconds.toFixed(0)]),
        ),
    ].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
    const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
    return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)];
}
