import type { Report } from "./report";

/** The documents' checklist of a deployment (C19), as far as a run of the suite can fill it in. */
export interface ChecklistItem {
    readonly phase: "before" | "during" | "after";
    readonly text: string;
    /** `done`: its checks have passed. `open`: some have failed. `elsewhere`: not a part of this run. `by hand`: people do it. */
    readonly state: "done" | "open" | "elsewhere" | "by hand";
    /** Checks that prove it, or where it is done. */
    readonly proof: string;
}

type Item = readonly [phase: ChecklistItem["phase"], text: string, ids: readonly string[], elsewhere: string];

/** In the documents' order. Without ids no check can tell: then `elsewhere` says who does it. */
const ITEMS: readonly Item[] = [
    ["before", "Functional tests of every endpoint", ["C1", "C2", "C5", "E3"], "npm run verify"],
    ["before", "Integration: calls between services", ["C7", "T3", "E7"], "npm run verify"],
    ["before", "Load tests: the wanted rate is reached", ["C11"], "the load tests"],
    ["before", "Security: mutual TLS, authentication, authorization", ["C14", "S3", "S4", "S5"], "npm run verify"],
    ["before", "Plan of the canary", ["C9"], "ecommerce.canaries of the stack"],
    ["before", "Plan of the way back", [], "npm run release rolls back by itself; the runbook says how by hand"],
    ["before", "Dashboards", ["C17"], "monitoring of the stack"],
    ["before", "Alert rules", ["C16", "E12"], "monitoring of the stack"],
    ["before", "Person on call", [], "by hand"],
    ["before", "Documents of the deployment", [], "by hand"],
    ["during", "Smoke test right after the deployment", ["C6"], "npm run ci:smoke"],
    ["during", "Canary step by step: 10, 50, 100 %", [], "npm run release"],
    ["during", "Golden signals are watched", ["C15"], "npm run release compares them"],
    ["during", "Logs: no errors", ["P14"], "by hand"],
    ["during", "Alerts: none is critical", [], "Alertmanager"],
    ["after", "Whole functional test again", ["C5"], "npm run verify"],
    ["after", "Performance is watched for 24 hours", [], "by hand"],
    ["after", "What users say", [], "by hand"],
    ["after", "Retrospective", [], "by hand"],
    ["after", "Documents brought up to date", [], "by hand"],
];

/** The checklist, filled in from the checks of a run: an item is done when every check of its ids that ran has passed. */
export function checklist({ specs }: Pick<Report, "specs">): ChecklistItem[] {
    return ITEMS.map(([phase, text, ids, elsewhere]) => {
        const ran = specs.filter((check) => check.status !== "skipped" && check.ids.some((id) => ids.includes(id)));
        if (ran.length === 0)
            return { phase, text, state: elsewhere === "by hand" ? "by hand" : "elsewhere", proof: elsewhere };
        const failed = ran.filter(({ status }) => status === "failed");
        const named = [...new Set(ran.flatMap((check) => check.ids.filter((id) => ids.includes(id))))].join(", ");
        return failed.length > 0
            ? { phase, text, state: "open", proof: `${failed.length} of ${ran.length} checks failed (${named})` }
            : { phase, text, state: "done", proof: `${ran.length} checks passed (${named})` };
    });
}
