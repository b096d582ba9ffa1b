import { join } from "node:path";
import { Command } from "commander";
import { milliseconds } from "../components/config/units";
import { runAndExit } from "../tests/verification/exit";
import { suites } from "../tests/verification/specs";
import { projectDirectory } from "./project";
import { readTarget, type TargetOptions } from "./target";

interface Options extends TargetOptions {
    grep?: string;
}

/** `chaos`: switches versions, renews a certificate and kills parts of a deployed environment, under load (C10, C12, S3). */
export function chaosCommand(): Command {
    return new Command("chaos")
        .description(
            "Under load, switch a service between its versions, renew a certificate, kill a pod, the control plane and the gateway: no request is lost.",
        )
        .option("--stack <name>", "stack to disturb", "local")
        .option("--grep <regex>", "only checks whose title matches, for example istiod")
        .option("--target <file>", "describes the environment; default: what the deployment of the stack wrote")
        .addHelpText(
            "after",
            `
The declared weights come back after the switch, the workload's usual certificates after the renewal, everything that is killed by itself: the run ends when it has. While the gateway is killed, requests from
outside fail where it has one pod only. Do not use it on an environment that serves anybody, unless you mean to.

Exit codes: 0 every check passed, 1 a check failed or none was made, 2 could not run, 130 interrupted.`,
        )
        .action((options: Options) =>
            runAndExit(() => {
                const target = readTarget(options);
                return {
                    target,
                    specs: suites.chaos,
                    ...(options.grep !== undefined && { grep: options.grep }),
                    report: join(projectDirectory, "reports", target.stack, "chaos"),
                    deadline: milliseconds(target.config.verification.deadline),
                };
            }),
        );
}
