import type { z } from "zod";
import { platform, type PlatformConfig } from "./platform";
import { describeIssue } from "./problems";

/** The outcome of a validation. */
export type Validation =
    | { ok: true; config: PlatformConfig }
    | {
          ok: false;
          /** Every problem, one a line, `path: what is wrong and what is allowed`. */
          problems: string[];
          /** All problems under one heading. */
          message: string;
      };

/**
 * Validates a stack's configuration: the values under the project's name, without that name.
 *
 * @param project Name of the project: the prefix of every path in the messages.
 */
export function validateConfig(values: unknown, project = "istio-platform"): Validation {
    const result = platform.safeParse(values, { reportInput: true });
    if (result.success) return { ok: true, config: result.data };
    const issues = result.error.issues as z.core.$ZodIssue[];
    const problems = [...new Set(issues.flatMap((issue) => describeIssue(issue, values)))].map(
        ({ path, message }) => `${project}:${path}: ${message}`,
    );
    const heading = `The stack's configuration has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}`;
    return { ok: false, problems, message: `${heading}:\n${problems.map((problem) => `  ${problem}`).join("\n")}` };
}
