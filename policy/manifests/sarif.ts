import { pathToFileURL } from "node:url";
import { isAbsolute } from "node:path";
import type { Rule, Severity } from "../rules/rule";
import type { LintFinding, LintResult } from "./lint";

/** `security-severity` as code hosts sort by it: 9 and more critical, 7 high, 4 medium. */
const SCORES: Readonly<Record<Severity, string>> = { critical: "9.5", high: "8.0", medium: "5.5", low: "2.0" };

/** How a finding stands to an earlier run: code hosts show new ones, and close absent ones. */
export type BaselineState = "new" | "unchanged" | "absent";

/** What SARIF needs of a finding. */
export type SarifFinding = LintFinding & { readonly baselineState?: BaselineState };

/** The findings as SARIF 2.1.0, which code hosts show beside the lines. */
export function toSarif(
    { findings, problems }: { findings: readonly SarifFinding[]; problems: LintResult["problems"] },
    rules: readonly Rule[],
): object {
    const ids = new Map(rules.map(({ id }, index) => [id, index]));
    return {
        $schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [
            {
                tool: { driver: { name: "istio-platform", rules: rules.map(describe) } },
                columnKind: "utf16CodeUnits",
                invocations: [
                    {
                        executionSuccessful: problems.length === 0,
                        toolExecutionNotifications: problems.map(({ file, line, column, message }) => ({
                            level: "error",
                            message: { text: message },
                            locations: [location(file, line, column)],
                        })),
                    },
                ],
                results: findings.map((finding) => result(finding, ids.get(finding.rule))),
            },
        ],
    };
}

function describe({ id, title, reason, fix, severity }: Rule): object {
    return {
        id,
        shortDescription: { text: `${title}.` },
        fullDescription: { text: reason },
        help: { text: fix },
        properties: { "security-severity": SCORES[severity], tags: ["istio", severity] },
    };
}

function result(
    { rule, object, field, message, fix, enforcement, severity, place, baselineState }: SarifFinding,
    ruleIndex?: number,
) {
    return {
        ruleId: rule,
        ...(ruleIndex !== undefined && { ruleIndex }),
        level: enforcement === "mandatory" ? "error" : "warning",
        message: { text: `${object}, ${field}: ${message}. Fix: ${fix}.` },
        ...(place && {
            locations: [
                {
                    ...location(place.file, place.line, place.column),
                    logicalLocations: [{ fullyQualifiedName: object, kind: "object" }],
                },
            ],
        }),
        // The same mistake keeps its identity when lines above it come and go.
        partialFingerprints: { "objectAndField/v1": `${rule}|${object}|${field}` },
        ...(baselineState !== undefined && { baselineState }),
        properties: { severity, fix },
    };
}

function location(file: string, startLine: number, startColumn: number) {
    const uri = isAbsolute(file) ? pathToFileURL(file).href : encodeURI(file.replaceAll("\\", "/"));
    return { physicalLocation: { artifactLocation: { uri }, region: { startLine, startColumn } } };
}
