import { Command } from "commander";
import { checkHost } from "../components/cluster/embedded/preflight";
import { ensureToolchain, ToolGroup, toolsAreReady } from "../tools/toolchain";
import { UserError } from "./errors";
import { StackOptions, withStackOptions } from "./options";
import { preview } from "./preview";
import { Progress } from "./progress";
import { clusterKindOf, findStack, Stack } from "./project";
import { StackRunner } from "./stack";

/** `npm start`: set-up, `pulumi up` under the policy pack, verification, report. */
export function startCommand(): Command {
    return withStackOptions(new Command("start"))
        .addHelpText(
            "after",
            `
Steps: the machine is checked; missing tools are found or built (minutes the first time, cached afterwards; the plan and
the policy verdict are shown meanwhile); Pulumi deploys the environment; the verification suite sends real requests.
Run it again after a failure or Ctrl-C: it continues where it was.

Exit codes: 0 deployed and verified, 1 a check or the deployment failed, 2 the machine or the options do not allow it.`,
        )
        .action(async (options: StackOptions) => {
            const stack = findStack(options);
            const embedded = clusterKindOf(stack) === "embedded";
            const progress = new Progress();
            if (embedded) await checkHost(stack);
            const runner = await StackRunner.open(stack, progress.line);
            if (embedded) await prepareTools(runner, progress);
            progress.done(`Deploying the stack ${stack.name}`);
            await deploy(runner);
        });
}

/**
 * Makes the cluster's tools ready. While they are built, the plan and the policy verdict are shown; a plan that is
 * refused ends the build, too.
 */
async function prepareTools(runner: StackRunner, progress: Progress): Promise<void> {
    const groups: ToolGroup[] = ["cluster", "mesh"];
    if (toolsAreReady(groups)) return;
    const controller = new AbortController();
    let planning = true;
    const building = ensureToolchain(groups, {
        onProgress: (line) => planning || progress.line(line),
        signal: controller.signal,
    });
    building.catch(() => undefined);
    progress.done("Building the cluster's tools; meanwhile this is the plan:");
    const code = await preview(runner);
    planning = false;
    if (code !== 0) {
        controller.abort();
        await building.catch(() => undefined);
        throw new UserError("The plan was refused, nothing was deployed: see the messages above.", code);
    }
    await building;
    progress.close();
}

async function deploy(runner: StackRunner): Promise<void> {
    if (runner.provenance) console.log(runner.provenance);
    const code = await runner.pulumi(["up", "--yes", ...runner.stackArguments, "--policy-pack", "policy"]);
    if (code !== 0)
        throw new UserError(
            `The stack ${runner.stack.name} is not deployed and verified: see the messages above. ` +
                "What was done is kept; the same command continues from there.",
            code,
        );
}
