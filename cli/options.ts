import { Command, Option } from "commander";
import { stackNames } from "./project";

/** Options that every command on a stack has. */
export interface StackOptions {
    stack: string;
    configFile?: string;
}

/** Adds `--stack` and `--config-file` to a command. */
export function withStackOptions(command: Command): Command {
    return command
        .addOption(new Option("--stack <name>", `environment: ${stackNames().join(", ")}`).default("local"))
        .addOption(
            new Option("--config-file <file>", "configuration of the stack").default(undefined, "Pulumi.<stack>.yaml"),
        );
}
