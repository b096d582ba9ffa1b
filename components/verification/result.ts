import { readFile } from "node:fs/promises";
import { z } from "zod";

/** What the suite's `report.json` must hold, as far as the deployment depends on it. */
const report = z.object({
    summary: z.object({ passed: z.int(), failed: z.int(), skipped: z.int(), durationMs: z.number() }),
    specs: z.array(z.object({ title: z.string(), status: z.enum(["passed", "failed", "skipped"]) })),
});
export type VerificationResult = z.infer<typeof report>;

/**
 * The suite's result.
 *
 * @throws Error when it is missing, unreadable or contradicts itself: such a result proves nothing.
 */
export async function readResult(file: string): Promise<VerificationResult> {
    let text;
    try {
        text = await readFile(file, "utf8");
    } catch {
        throw new Error(`the suite left no result in ${file}`);
    }
    const result = report.safeParse(parseJson(text));
    if (!result.success) throw new Error(`the result in ${file} is unreadable:\n${z.prettifyError(result.error)}`);
    const { summary, specs } = result.data;
    for (const status of ["passed", "failed", "skipped"] as const) {
        const counted = specs.filter((spec) => spec.status === status).length;
        if (counted !== summary[status])
            throw new Error(`the result in ${file} counts ${summary[status]} ${status} specs but lists ${counted}`);
    }
    return result.data;
}

function parseJson(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}

/**
 * Why a finished run of the suite does not prove the mesh, or undefined when it does.
 *
 * @param exitCode 0: all passed, 1: a check failed, 2: the suite could not run.
 */
export function verdict(exitCode: number, { summary, specs }: VerificationResult): string | undefined {
    const failing = specs.filter(({ status }) => status === "failed").map(({ title }) => title);
    if (failing.length > 0)
        return `${failing.length} of ${specs.length} checks failed:\n${failing.map((title) => `  - ${title}`).join("\n")}`;
    if (exitCode !== 0) return `the suite ended with exit code ${exitCode} although no check failed`;
    if (summary.passed === 0) return "no check ran, so nothing is proved (see istio-platform:verification.grep)";
    return undefined;
}
