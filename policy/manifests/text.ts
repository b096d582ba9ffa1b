import type { LintFinding, LintResult } from "./lint";

/** A finding as one JSON object in a line. */
export function toJsonLine({ place, ...violation }: LintFinding): string {
    const { rule, object, message, fix, severity, enforcement, field } = violation;
    const { file, line, column } = place ?? {};
    return JSON.stringify({ rule, object, message, fix, severity, enforcement, field, file, line, column });
}

/** Everything for a reader: each finding with its place, the most grave first, and a last line with the numbers. */
export function toText({ findings, problems, objects }: LintResult): string {
    const mandatory = findings.filter(({ enforcement }) => enforcement === "mandatory");
    const sorted = [...mandatory, ...findings.filter((finding) => !mandatory.includes(finding))];
    const advice = findings.length - mandatory.length;
    return [
        ...problems.map(({ file, line, column, message }) => `${file}:${line}:${column}: cannot be read: ${message}`),
        ...sorted.map(show),
        `${objects} objects: ${mandatory.length} to mend, ${advice} ${advice === 1 ? "advice" : "pieces of advice"}${
            problems.length > 0 ? `, ${problems.length} that cannot be read` : ""
        }`,
    ].join("\n");
}

function show({ place, object, field, message, fix, rule, severity, enforcement }: LintFinding): string {
    const where = place ? `${place.file}:${place.line}:${place.column}: ` : "";
    const level = enforcement === "mandatory" ? severity : `advice, ${severity}`;
    return `${where}${object}, ${field} [${rule}; ${level}]\n    ${message}.\n    Fix: ${fix}.`;
}
