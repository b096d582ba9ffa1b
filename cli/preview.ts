import { Command } from "commander";
import { UserError } from "../tools/errors";
import { StackOptions, withStackOptions } from "./options";
import { Progress } from "./progress";
import { findStack } from "./project";
import { StackRunner } from "./stack";

/** `npm run preview`: what a deployment would change, under the policy pack. Nothing is deployed. */
export function previewCommand(): Command {
    return withStackOptions(new Command("preview"))
        .option("--diff", "show every property that changes")
        .action(async (options: StackOptions & { diff?: boolean }) => {
            const progress = new Progress();
            const runner = await StackRunner.open(findStack(options), progress.line);
            progress.close();
            const code = await preview(runner, options.diff ? ["--diff"] : []);
            if (code !== 0) throw new UserError("The preview failed: see the messages above.", code);
        });
}

/** Previews a stack under the policy pack. Returns Pulumi's exit code. */
export async function preview(runner: StackRunner, options: readonly string[] = []): Promise<number> {
    if (runner.provenance) console.log(runner.provenance);
    return runner.pulumi(["preview", ...runner.stackArguments, "--policy-pack", "policy", ...options]);
}
