import { readPlan, type Plan } from "./plan";
import type { StackRunner } from "../stack";

/** Where a side of the comparison lies. */
export interface PreviewOptions {
    /** Folder of the program. */
    readonly directory: string;
    /** The stack's configuration with the keys of its encryption. */
    readonly configFile: string;
    /** Folder of the policy pack: both sides are judged by the same. */
    readonly policyPack: string;
}

/** Previews a side and reads the engine's own events. A preview that fails is a plan with errors. */
export async function planOf(
    runner: StackRunner,
    { directory, configFile, policyPack }: PreviewOptions,
): Promise<Plan> {
    const args = [
        "preview",
        ...runner.argumentsWith(configFile),
        "--policy-pack",
        policyPack,
        "--json",
        "--suppress-progress",
    ];
    const { code, stdout, stderr } = await runner.capture(args, {
        cwd: directory,
        env: { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" },
    });
    const plan = readPlan(stdout.split("\n"), { directory });
    // The engine itself did not start: it says why on standard error, and there are no events.
    if (
        code !== 0 &&
        plan.resources.size === 0 &&
        stderr.trim() !== "" &&
        plan.errors.every((text) => text.startsWith("the preview"))
    )
        return { ...plan, errors: [stderr.trim()] };
    return plan;
}
