import { Command, Option } from "commander";
import { stackNames } from "./project";

/** Options that every command on a stack has. */
export interface StackOptions {
    stack: string;
    configFile?: string;
}

/** Adds `--stack` and `--config-file` to a command; `stack` is the one that it works on where none is named. */
export function withStackOptions(command: Command, stack = "local"): Command {
    return command
        .addOption(new Option("--stack <name>", `environment: ${stackNames().join(", ")}`).default(stack))
        .addOption(
            new Option("--config-file <file>", "configuration of the stack").default(undefined, "Pulumi.<stack>.yaml"),
        );
}
