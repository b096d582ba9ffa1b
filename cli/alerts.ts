import { join } from "node:path";
import { Command } from "commander";
import { milliseconds } from "../components/config/units";
import { runAndExit } from "../tests/verification/exit";
import { suites } from "../tests/verification/specs";
import { projectDirectory } from "./project";
import { readTarget, type TargetOptions } from "./target";

interface Options extends TargetOptions {
    grep?: string;
    quiet?: true;
}

/** Milliseconds that provoking every alert takes at most, and ten minutes without a cause. */
const least = { alerts: 300_000, calm: 900_000 };

/** `alerts`: every alert with a real cause, from pending to its message and its end (E12, C15, C16). */
export function alertsCommand(): Command {
    return new Command("alerts")
        .description(
            "Give every alert a real cause: it fires, the receivers are told, it ends. Compare what is recorded with a known load.",
        )
        .option("--stack <name>", "stack to disturb", "local")
        .option("--grep <regex>", "only checks whose title matches, for example HighLatency")
        .option("--quiet", "instead: ten minutes of normal load, in which no alert may fire")
        .option("--target <file>", "describes the environment; default: what the deployment of the stack wrote")
        .addHelpText(
            "after",
            `
Wants an environment whose alerts have short windows and whose messages go to a recorder (monitoring.rules, monitoring.receivers.recorder);
what it lacks is named. Errors, delays and killed pods are real: do not use it on an environment that serves anybody.

Exit codes: 0 every check passed, 1 a check failed or none was made, 2 could not run, 130 interrupted.`,
        )
        .action((options: Options) =>
            runAndExit(() => {
                const target = readTarget(options);
                const suite = options.quiet ? "calm" : "alerts";
                return {
                    target,
                    specs: suites[suite],
                    ...(options.grep !== undefined && { grep: options.grep }),
                    report: join(projectDirectory, "reports", target.stack, suite),
                    deadline: Math.max(milliseconds(target.config.verification.deadline), least[suite]),
                };
            }),
        );
}
