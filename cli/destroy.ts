import { Command } from "commander";
import { UserError } from "../tools/errors";
import { StackOptions, withStackOptions } from "./options";
import { Progress } from "./progress";
import { findStack } from "./project";
import { StackRunner } from "./stack";

/** `npm run destroy`: removes everything that the stack deployed, and the stack's state. */
export function destroyCommand(): Command {
    return withStackOptions(new Command("destroy"))
        .option("--keep-stack", "keep the (then empty) stack and its history")
        .action(async (options: StackOptions & { keepStack?: boolean }) => {
            const progress = new Progress();
            const runner = await StackRunner.open(findStack(options), progress.line);
            progress.close();
            const code = await runner.pulumi(["destroy", "--yes", ...runner.stackArguments]);
            if (code !== 0) {
                const again = `npm run destroy -- --stack ${runner.stack.name}`;
                throw new UserError(
                    `Not everything was removed: see the messages above, then run again: ${again}`,
                    code,
                );
            }
            if (!options.keepStack)
                await runner.pulumi(["stack", "rm", runner.stack.name, "--yes", "--preserve-config"], "quiet");
        });
}
