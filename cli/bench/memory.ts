import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { Memory } from "./report";

/**
 * Memory of a cluster's processes, by program, the largest first.
 * @param cgroups What the names of the cgroups of its processes have in common, and of no others.
 */
export function memoryOf(cgroups: RegExp): Memory[] {
    const rows = new Map<string, Memory>();
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
        if (!cgroups.test(text(pid, "cgroup"))) continue;
        const rollup = text(pid, "smaps_rollup");
        const mebibytes = (key: string) =>
            Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1] ?? 0) / 1024;
        const name = basename(text(pid, "cmdline").split("\0")[0]!.split(" ")[0]!);
        if (!name) continue;
        const row = rows.get(name) ?? { name, processes: 0, residentMiB: 0, proportionalMiB: 0 };
        row.processes += 1;
        row.residentMiB += mebibytes("Rss");
        row.proportionalMiB += mebibytes("Pss");
        rows.set(name, row);
    }
    return [...rows.values()].sort((a, b) => b.proportionalMiB - a.proportionalMiB);
}

/** A file of a process, empty when the process has ended meanwhile. */
function text(pid: string, file: string): string {
    try {
        return readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
        return "";
    }
}
