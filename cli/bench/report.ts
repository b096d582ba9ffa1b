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

/** All that was measured in one run. */
export interface Measurements {
    steps: readonly Measurement[];
    memory: readonly Memory[];
    tools: readonly ToolBuild[];
}

/** The middle one of some values. */
export function median(values: readonly number[]): number {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length / 2;
    return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** docs/benchmarks.md. Ratios are against the median of the first preview of the same run: machines are noisy. */
export function report({ steps, memory, tools }: Measurements): string {
    const reference = median(steps.find(({ name }) => name === "preview, nothing deployed")!.seconds);
    const gib = (totalmem() / 1024 ** 3).toFixed(0);
    const sum = (key: "processes" | "residentMiB" | "proportionalMiB") =>
        memory.reduce((total, row) => total + row[key], 0);
    return [
        "# Benchmarks",
        "",
        "Made by `npm run bench` on an embedded cluster of its own; the tools were already built. One run on one",
        `machine: ${cpus().length} cores, ${gib} GiB, Node.js ${process.versions.node}. Compare the ratios, not the seconds:`,
        "the last column is the median against the median of `preview, nothing deployed` of the same run.",
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
        "Every step is a whole command (`npm run <step>` without npm in between), Pulumi's engine and policy pack included; `verify --watch`",
        "answers a changed time-out of one VirtualService, spoiled and restored in turn, while the command goes on. The verification cannot be",
        "shorter than the declared ejections and time-outs (30 s), which it waits for side by side; the rest is the machine's work for the requests.",
        "",
        "## Memory",
        "",
        "Of the processes of the embedded cluster with everything deployed, in MiB.",
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
        "",
        "## First set-up",
        "",
        tools.length > 0
            ? "How long the tools took when they were built on this machine, with the caches as they were then."
            : "The tools of this machine were not built here: no figures.",
        "",
        ...(tools.length > 0
            ? table(
                  ["part", "s"],
                  tools.map(({ name, seconds }) => [name, seconds.toFixed(0)]),
              )
            : []),
        "",
    ].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
    const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
    return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)];
}
