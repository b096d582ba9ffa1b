import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { duration, milliseconds } from "../components/config/units";
import { runAndExit } from "../tests/verification/exit";
import { watchAndVerify } from "../tests/verification/watch/watch";
import { projectDirectory } from "./project";
import { readTarget, type TargetOptions } from "./target";

interface Options extends TargetOptions {
    grep?: string;
    report?: string;
    deadline?: number;
    watch?: boolean;
}

/** `verify`: runs the verification suite against an environment that is already deployed. */
export function verifyCommand(): Command {
    return new Command("verify")
        .description("Prove with real requests that a deployed mesh behaves as its configuration declares.")
        .option("--stack <name>", "stack to verify", "local")
        .option("--grep <regex>", "only checks whose title matches, for example E5")
        .option("--report <folder>", "folder for the reports (default: reports/<stack>)")
        .option("--deadline <duration>", "time allowed to the whole suite (default: the stack's own)", parseDuration)
        .option("--watch", "go on: after every change of an Istio object or a spec's file, run the specs concerned")
        .option("--target <file>", "describes the environment; default: what the deployment of the stack wrote")
        .addHelpText(
            "after",
            `
Examples:
  npm run verify -- --stack local
  npm run verify -- --stack local --grep E5
  npm run verify -- --watch --grep E3
Ctrl-C ends --watch; its exit code is that of the last run of every spec.

Exit codes: 0 every check passed, 1 a check failed or none was made, 2 could not run.`,
        )
        .action((options: Options) =>
            runAndExit(
                () => {
                    const target = readTarget(options);
                    // What is run after a change is a part of the suite: it must not be taken for a whole run.
                    const folder = options.watch ? `${target.stack}-watch` : target.stack;
                    return {
                        target,
                        ...(options.grep !== undefined && { grep: options.grep }),
                        report: options.report ?? join(projectDirectory, "reports", folder),
                        deadline: options.deadline ?? milliseconds(target.config.verification.deadline),
                    };
                },
                options.watch ? watchAndVerify : undefined,
            ),
        );
}

/** Milliseconds in a duration as the configuration writes it. */
function parseDuration(text: string): number {
    const parsed = duration.safeParse(text);
    if (!parsed.success) throw new InvalidArgumentError(parsed.error.issues[0]!.message);
    return milliseconds(parsed.data);
}
