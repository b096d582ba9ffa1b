import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { amount } from "../../components/config/units";
import { table } from "../../tests/verification/proxy-views/table";
import { containersOf, workloadOf } from "./api";
import { keyOf, type Measured, type Measurements } from "./measure";
import { judge, rightSize, ruleText, type Size, type Use, type Verdict } from "./rule";

/** One kind of container: that of one name in the pods of one workload. */
export interface Line {
    readonly namespace: string;
    readonly workload: string;
    readonly container: string;
    /** Pods that were measured. */
    readonly pods: number;
    readonly declared: Size;
    readonly use: Use;
    readonly right: Size;
    /** What does not fit. */
    readonly verdicts: Partial<Record<keyof Size, Verdict>>;
}

/** Everything that the report says, and what it was made from. */
export interface ResourceReport {
    readonly measuredBy: "Prometheus" | "kubelets";
    readonly seconds: number;
    readonly rule: string;
    readonly lines: readonly Line[];
    /** Containers that run but were not measured. */
    readonly unmeasured: readonly string[];
}

/** The report over pods and what their containers were seen to use. */
export function resourceReport(
    pods: readonly V1Pod[],
    measurements: Measurements,
    from: Pick<ResourceReport, "measuredBy" | "seconds">,
): ResourceReport {
    const groups = new Map<string, { pod: V1Pod; container: V1Container; measured: Measured }[]>();
    const unmeasured: string[] = [];
    for (const pod of pods)
        for (const container of containersOf(pod)) {
            const { namespace = "", name = "" } = pod.metadata!;
            const key = keyOf(namespace, name, container.name);
            const measured = measurements.get(key);
            if (!measured) unmeasured.push(key);
            else {
                const group = keyOf(namespace, workloadOf(pod), container.name);
                groups.set(group, [...(groups.get(group) ?? []), { pod, container, measured }]);
            }
        }
    const lines = [...groups].map(([key, members]): Line => {
        const [namespace = "", workload = "", container = ""] = key.split("/");
        const use: Use = {
            cpuP95: Math.max(...members.map(({ measured }) => measured.cpuP95)),
            cpuMean: members.reduce((sum, { measured }) => sum + measured.cpuMean, 0) / members.length,
            memoryPeak: Math.max(...members.map(({ measured }) => measured.memoryPeak)),
        };
        const declared = sizeOf(members[0]!.container);
        const right = rightSize(use, declared);
        const verdicts = judge(declared, right, use);
        return { namespace, workload, container, pods: members.length, declared, use, right, verdicts };
    });
    const order = ({ namespace, workload, container }: Line) => keyOf(namespace, workload, container);
    return {
        ...from,
        rule: ruleText,
        lines: lines.sort((a, b) => (order(a) < order(b) ? -1 : 1)),
        unmeasured: unmeasured.sort(),
    };
}

function sizeOf({ resources }: V1Container): Size {
    const value = (text: string | undefined) => (text === undefined ? undefined : amount(text));
    return {
        cpuRequest: value(resources?.requests?.["cpu"]),
        cpuLimit: value(resources?.limits?.["cpu"]),
        memoryRequest: value(resources?.requests?.["memory"]),
        memoryLimit: value(resources?.limits?.["memory"]),
    };
}

/** The report for a terminal: a line a container, and what all of it reserves. */
export function asText(report: ResourceReport): string {
    const { lines, unmeasured, measuredBy, seconds } = report;
    const rows = lines.map(({ namespace, workload, container, pods, declared, use, right, verdicts }) => [
        `${namespace}/${workload}`,
        container,
        String(pods),
        cores(declared.cpuRequest),
        cores(use.cpuMean),
        cores(use.cpuP95),
        cores(right.cpuRequest),
        bytes(declared.memoryRequest),
        bytes(use.memoryPeak),
        bytes(right.memoryRequest),
        bytes(declared.memoryLimit),
        bytes(right.memoryLimit),
        remarks(verdicts),
    ]);
    const columns = [
        ...["WORKLOAD", "CONTAINER", "PODS", "CPU REQ", "MEAN", "P95", "RIGHT"],
        ...["MEM REQ", "PEAK", "RIGHT", "MEM LIMIT", "RIGHT", "REMARK"],
    ];
    return [
        table({ columns, rows }),
        ...totals(lines),
        `Measured by ${measuredBy === "Prometheus" ? "Prometheus" : "the kubelets"} over ${seconds} s. ${report.rule}`,
        ...(unmeasured.length > 0 ? [`Not measured: ${unmeasured.join(", ")}`] : []),
    ].join("\n");
}

function totals(lines: readonly Line[]): string[] {
    const sum = (of: (line: Line) => number | undefined) =>
        lines.reduce((total, line) => total + (of(line) ?? 0) * line.pods, 0);
    return [
        `All pods reserve ${cores(sum(({ declared }) => declared.cpuRequest))} CPU and ${bytes(sum(({ declared }) => declared.memoryRequest))}; ` +
            `right-sized it would be ${cores(sum(({ right }) => right.cpuRequest))} and ${bytes(sum(({ right }) => right.memoryRequest))}.`,
    ];
}

const names: Readonly<Record<keyof Size, string>> = {
    cpuRequest: "CPU request",
    cpuLimit: "CPU limit",
    memoryRequest: "memory request",
    memoryLimit: "memory limit",
};

function remarks(verdicts: Line["verdicts"]): string {
    return Object.entries(verdicts)
        .map(([key, verdict]) => `${names[key as keyof Size]} ${verdict}`)
        .join(", ");
}

/** Cores as Kubernetes writes them. */
export function cores(value: number | undefined): string {
    return value === undefined ? "-" : `${Math.round(value * 1000)}m`;
}

/** Bytes as Kubernetes writes them. */
export function bytes(value: number | undefined): string {
    return value === undefined ? "-" : `${Math.round(value / 2 ** 20)}Mi`;
}
