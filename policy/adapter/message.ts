import type { Violation } from "../rules/rule";

/** A violation as the Pulumi CLI prints it: which object, which field, what is wrong, what to do. */
export function toMessage({ object, field, message, fix }: Violation): string {
    return `${object}, ${field}: ${message}.\nFix: ${fix}.`;
}
