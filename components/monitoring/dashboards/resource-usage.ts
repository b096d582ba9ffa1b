import * as units from "@grafana/grafana-foundation-sdk/units";
import { podVariables, type DashboardSpec } from "./dashboard";
import { graph } from "./panels";
import { usage } from "./queries";

const pod = "{{namespace}}/{{pod}}";

/** What pods and nodes use of processor, memory, network and disk (C17, S8). */
export const resourceUsage: DashboardSpec = {
    uid: "resource-usage",
    title: "Resource usage",
    description: "Processor, memory, network and disk of pods and nodes, against what the pods have reserved",
    variables: podVariables,
    rows: [
        [
            "Pods",
            [
                graph({
                    title: "CPU",
                    description: "Cores that a pod's containers use together.",
                    unit: units.Short,
                    queries: [{ expr: usage.cpu, legend: pod }],
                }),
                graph({
                    title: "CPU of the request",
                    description:
                        "Cores used to cores reserved. Far below 1 for days: the request can be smaller. Above 1: the pod lives on what its neighbours do not use.",
                    unit: units.PercentUnit,
                    queries: [{ expr: usage.cpuOfRequest, legend: pod }],
                }),
                graph({
                    title: "Memory",
                    description:
                        "Working set: memory that cannot be given back under pressure. The kernel ends a container that wants more than its limit.",
                    unit: units.BytesIEC,
                    queries: [{ expr: usage.memory, legend: pod }],
                }),
                graph({
                    title: "Memory of the limit",
                    description: "Working set to the pod's limits. Near 1 a container is about to be ended.",
                    unit: units.PercentUnit,
                    queries: [{ expr: usage.memoryOfLimit, legend: pod }],
                    thresholds: { warning: 0.8, critical: 0.95, bad: "above" },
                }),
                graph({
                    title: "Network",
                    description: "Bytes per second received (in) and sent (out) by a pod's network interface.",
                    unit: units.BytesPerSecondIEC,
                    queries: [
                        { expr: usage.received, legend: `in ${pod}` },
                        { expr: usage.sent, legend: `out ${pod}` },
                    ],
                }),
                graph({
                    title: "Readiness",
                    description:
                        "Pods that are ready (true) and that are not (false). The alert PodDown watches the latter (C16).",
                    unit: units.Short,
                    queries: [{ expr: usage.ready, legend: "{{condition}}" }],
                }),
                graph({
                    title: "Restarts in an hour",
                    description: "How often a pod's containers were started again within the last hour.",
                    unit: units.Short,
                    queries: [{ expr: usage.restarts, legend: pod }],
                    thresholds: { warning: 1, critical: 3, bad: "above" },
                }),
            ],
        ],
        [
            "Nodes",
            [
                graph({
                    title: "CPU of nodes",
                    description: "Share of a node's processors that are busy.",
                    unit: units.PercentUnit,
                    queries: [{ expr: usage.nodeCpu, legend: "{{instance}}" }],
                    thresholds: { warning: 0.7, critical: 0.9, bad: "above" },
                    max: 1,
                }),
                graph({
                    title: "Memory of nodes",
                    description: "Share of a node's memory that is taken. Near 1 the kubelet evicts pods.",
                    unit: units.PercentUnit,
                    queries: [{ expr: usage.nodeMemory, legend: "{{instance}}" }],
                    thresholds: { warning: 0.8, critical: 0.9, bad: "above" },
                    max: 1,
                }),
                graph({
                    title: "Disk of nodes",
                    description:
                        "Bytes per second read from and written to a node's block devices; what the page cache answers is not counted.",
                    unit: units.BytesPerSecondIEC,
                    queries: [
                        { expr: usage.read, legend: "read {{instance}}" },
                        { expr: usage.written, legend: "write {{instance}}" },
                    ],
                }),
            ],
        ],
    ],
};
