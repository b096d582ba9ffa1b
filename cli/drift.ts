import { Command } from "commander";
import { UserError } from "../tools/errors";
import { type StackOptions, withStackOptions } from "./options";
import { Progress } from "./progress";
import { findStack } from "./project";
import { StackRunner } from "./stack";

/** `npm run ci:drift`: whether what is deployed is still what was deployed; nothing is changed. */
export function driftCommand(): Command {
    return withStackOptions(new Command("drift"))
        .addHelpText(
            "after",
            "\nExit codes: 0 nothing was changed by hand, 1 something was or it could not be told: see the output.",
        )
        .action(async (options: StackOptions) => {
            const progress = new Progress();
            const runner = await StackRunner.open(findStack(options), progress.line);
            progress.close();
            if (runner.provenance) console.log(runner.provenance);
            const args = ["refresh", "--preview-only", "--expect-no-changes", "--diff", ...runner.stackArguments];
            const code = await runner.pulumi(args);
            if (code !== 0)
                throw new UserError(
                    `The stack ${runner.stack.name} has drifted, or could not be read: see above. ` +
                        `To put it right as declared: pulumi up --refresh.`,
                    1,
                );
            console.log(`No drift: the stack ${runner.stack.name} is as it was deployed.`);
        });
}
