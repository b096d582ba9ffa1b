import type { FailureDetails } from "../failure";
import type { Outcome } from "../runner/outcome";

/** The result of a run, the same for every form of report. */

export interface ReportedCheck {
    title: string;
    ids: string[];
    status: "passed" | "failed" | "skipped";
    durationMs: number;
    /** Name of the spec that made the check. */
    spec: string;
    /** What is proved, and how. */
    description: string;
    /** Why it was skipped. */
    reason?: string;
    failure?: Omit<FailureDetails, "evidence">;
    /** Files relative to the report's folder. */
    evidence: string[];
}

export interface Report {
    stack: string;
    /** ISO 8601. */
    startedAt: string;
    summary: { passed: number; failed: number; skipped: number; durationMs: number };
    specs: ReportedCheck[];
    provenance: string[];
}

export function buildReport(
    outcomes: readonly Outcome[],
    run: { stack: string; startedAt: Date; durationMs: number; provenance: readonly string[] },
): Report {
    const count = (status: Outcome["status"]) => outcomes.filter((outcome) => outcome.status === status).length;
    return {
        stack: run.stack,
        startedAt: run.startedAt.toISOString(),
        summary: {
            passed: count("passed"),
            failed: count("failed"),
            skipped: count("skipped"),
            durationMs: Math.round(run.durationMs),
        },
        specs: outcomes.map(({ spec, check, status, durationMs, reason, failure, evidence }) => ({
            title: check.title,
            ids: [...check.ids],
            status,
            durationMs: Math.round(durationMs),
            spec: spec.name,
            description: spec.description,
            ...(reason !== undefined && { reason }),
            ...(failure && {
                failure: {
                    expected: failure.expected,
                    seen: failure.seen,
                    cause: failure.cause,
                    action: failure.action,
                },
            }),
            evidence,
        })),
        provenance: [...run.provenance],
    };
}

/** Whether a run proves anything: nothing failed, and not everything was skipped. */
export function isGreen({ summary }: Report): boolean {
    return summary.failed === 0 && summary.passed > 0;
}
