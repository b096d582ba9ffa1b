import builder from "junit-report-builder";
import type { Report } from "./report";

/** JUnit XML, as CI systems read it: one test case a check. */
export function junitXml(report: Report): string {
    const root = builder.newBuilder();
    const suite = root
        .testSuite()
        .name(`verification of ${report.stack}`)
        .timestamp(report.startedAt)
        .time(report.summary.durationMs / 1000);
    report.provenance.forEach((line, index) => suite.property(`provenance.${index + 1}`, printable(line)));
    for (const check of report.specs) {
        const testCase = suite
            .testCase()
            .className(check.spec)
            .name(check.title)
            .time(check.durationMs / 1000);
        if (check.status === "skipped") testCase.skipped().standardOutput(printable(`skipped: ${check.reason ?? ""}`));
        if (!check.failure) continue;
        const { expected, seen, cause, action } = check.failure;
        testCase.failure(printable(`expected ${expected}; seen: ${seen}`));
        const lines = [`expected: ${expected}`, `seen: ${seen}`, `likely cause: ${cause}`, `what to do: ${action}`];
        testCase.standardOutput(printable([...lines, ...check.evidence.map((file) => `evidence: ${file}`)].join("\n")));
    }
    return root.build();
}

/** Without the control characters that XML 1.0 does not allow. */
function printable(text: string): string {
    return text.replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
}
