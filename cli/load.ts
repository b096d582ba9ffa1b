import { join } from "node:path";
import { Command } from "commander";
import { milliseconds } from "../components/config/units";
import { runAndExit } from "../tests/verification/exit";
import { suites } from "../tests/verification/specs";
import { projectDirectory } from "./project";
import { readTarget, type TargetOptions } from "./target";

/** `load`: compares under load what single requests do not show, on an environment that is already deployed (T8). */
export function loadCommand(): Command {
    return new Command("load")
        .description(
            "Compare the load-balancing algorithms under load, one pod being slow: the tails of their answers.",
        )
        .option("--stack <name>", "stack to load", "local")
        .option("--target <file>", "describes the environment; default: what the deployment of the stack wrote")
        .addHelpText(
            "after",
            `
Takes about a minute and a half, and wants a machine that does nothing else. The figure is kept with the report.

Exit codes: 0 every check passed, 1 a check failed or none was made, 2 could not run, 130 interrupted.`,
        )
        .action((options: TargetOptions) =>
            runAndExit(() => {
                const target = readTarget(options);
                return {
                    target,
                    specs: suites.load,
                    report: join(projectDirectory, "reports", target.stack, "load"),
                    deadline: milliseconds(target.config.verification.deadline),
                };
            }),
        );
}
