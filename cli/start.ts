import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { z } from "zod";
import { checkHost } from "../components/cluster/host";
import { ensureToolchain, ToolGroup, toolsAreReady } from "../tools/toolchain";
import { UserError } from "../tools/errors";
import { StackOptions, withStackOptions } from "./options";
import { preview } from "./preview";
import { Progress } from "./progress";
import { clusterKindOf, findStack, monitoringOf, projectDirectory, Stack } from "./project";
import { interruptible } from "./processes";
import { StackRunner } from "./stack";

/** What the report of a run says of it as a whole. */
const reportSummary = z.object({
    summary: z.object({ passed: z.int(), skipped: z.int(), durationMs: z.number() }),
});

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
            const progress = new Progress();
            await checkHost(stack);
            const runner = await StackRunner.open(stack, progress.line);
            await prepareTools(runner, progress, toolsFor(stack));
            progress.done(`Deploying the stack ${stack.name}`);
            const begin = Date.now();
            await deploy(runner);
            summarise(stack, begin);
        });
}

/** The tools that a kind of cluster needs, and the images on it. */
const toolsOf: Readonly<Record<string, ToolGroup[]>> = { embedded: ["cluster", "mesh"], kind: ["mesh"] };

function toolsFor(stack: Stack): ToolGroup[] {
    const groups = toolsOf[clusterKindOf(stack) ?? ""] ?? [];
    return groups.length > 0 ? [...groups, ...monitoringOf(stack)] : groups;
}

/**
 * Makes the cluster's tools ready. While they are built, the plan and the policy verdict are shown; a plan that is
 * refused ends the build, too.
 */
async function prepareTools(runner: StackRunner, progress: Progress, groups: ToolGroup[]): Promise<void> {
    if (toolsAreReady(groups)) return;
    const refused = new AbortController();
    let planning = true;
    const building = interruptible((interrupted) =>
        ensureToolchain(groups, {
            onProgress: (line) => planning || progress.line(line),
            signal: AbortSignal.any([interrupted, refused.signal]),
        }),
    );
    building.catch(() => undefined);
    progress.done("Building the cluster's tools; meanwhile this is the plan:");
    const code = await preview(runner);
    planning = false;
    if (code !== 0) {
        refused.abort();
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

/** What was proved since a point in time, and where to look further. */
function summarise({ name }: Stack, since: number): void {
    const file = join(projectDirectory, "reports", name, "report.json");
    if (!existsSync(file) || statSync(file).mtimeMs < since)
        return console.log("\nDeployed, but not verified: istio-platform:verification.enabled is false.");
    const { summary } = reportSummary.parse(JSON.parse(readFileSync(file, "utf8")));
    const skipped = summary.skipped > 0 ? `, ${summary.skipped} skipped` : "";
    const option = name === "local" ? "" : ` -- --stack ${name}`;
    console.log(`
Deployed and verified: ${summary.passed} checks passed${skipped}, in ${(summary.durationMs / 1000).toFixed(0)} s.
  report            ${join("reports", name, "index.html")}
  verify again      npm run verify${option}
  break it, watch   npm run mutate${option}
  remove            npm run destroy${option}`);
}
