import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import type { KubernetesObject } from "../tests/verification/target/target";
import { costOf } from "./cost";
import { type StackOptions, withStackOptions } from "./options";
import { clusterKindOf, findStack, localDirectory, projectDirectory, type Stack } from "./project";
import { Progress } from "./progress";
import { layOutBase, workingTree, type BaseTree } from "./review/base";
import { measureBehaviour } from "./review/behaviour/run";
import { compareResources } from "./review/compare";
import { compareCosts, type CostComparison } from "./review/costs";
import { reviewPage } from "./review/html";
import { Locator } from "./review/locate";
import { headline, markdown } from "./review/markdown";
import type { Plan } from "./review/plan";
import { planOf } from "./review/preview";
import { isAcceptable, type Review } from "./review/report";
import { risksOf } from "./review/risks";
import { reviewSarif } from "./review/sarif";
import { sideOf } from "./review/side";
import { compareViolations } from "./review/violations";
import { StackRunner } from "./stack";
import { writeWorkingConfig } from "./stack-config";

interface ReviewOptions extends StackOptions {
    base: string;
    baseConfigFile?: string;
    output?: string;
    json?: boolean;
    behaviour?: boolean;
    requests: number;
}

/** `npm run review`: what a change does to a stack, compared with its base, in one report. */
export function reviewCommand(): Command {
    return withStackOptions(new Command("review"))
        .option("--base <commit>", "branch or commit that the change is compared with", "main")
        .option("--base-config-file <file>", "configuration of the stack in the base (default: the same file there)")
        .option("--output <folder>", "folder for the reports (default: reports/review/<stack>)")
        .option(
            "--behaviour",
            "bring both sides up on an embedded cluster and compare what real requests get (minutes)",
        )
        .option("--requests <number>", "requests of each kind with --behaviour", count, 300)
        .option("--json", "print the report as JSON instead of a summary")
        .addHelpText(
            "after",
            `
Compares the files of this folder, committed or not, with the commit from which they went away from the base. Both are
planned by Pulumi's engine against the same state and judged by this folder's policy pack; nothing is deployed. With
--behaviour the base is deployed on an embedded cluster of its own and measured, then updated to the change and measured.
Written: review.md (for a pull request), review.html, review.json, review.sarif.

Exit codes: 0 the change may be deployed, 1 the policy pack or the preview refuses it, 2 it could not be compared.`,
        )
        .action(async (options: ReviewOptions) => {
            const stack = findStack(options);
            const review = await reviewStack(stack, options);
            const folder = options.output ?? join(projectDirectory, "reports", "review", stack.name);
            writeReview(review, folder);
            if (options.json) console.log(JSON.stringify(review, undefined, 2));
            else summarise(review, folder);
            if (!isAcceptable(review)) process.exitCode = 1;
        });
}

async function reviewStack(stack: Stack, options: ReviewOptions): Promise<Review> {
    const progress = new Progress();
    const runner = await StackRunner.open(stack, progress.line);
    progress.line(`Laying out the base ${options.base}`);
    const base = await layOutBase(options.base);
    try {
        return await compareWith(base, runner, options, progress.line);
    } finally {
        await base.remove();
        progress.close();
    }
}

async function compareWith(
    base: BaseTree,
    runner: StackRunner,
    options: ReviewOptions,
    onProgress: (line: string) => void,
): Promise<Review> {
    const { stack } = runner;
    const policyPack = join(projectDirectory, "policy");
    const baseStack: Stack = { name: stack.name, configFile: options.baseConfigFile ?? inBase(stack, base) };
    const configFile = writeWorkingConfig(baseStack, join(localDirectory, "review", `Pulumi.${stack.name}.yaml`));
    onProgress("Planning the base and the change");
    const [before, after] = await Promise.all([
        planOf(runner, { directory: base.directory, configFile, policyPack }),
        planOf(runner, { directory: projectDirectory, configFile: writeWorkingConfig(stack), policyPack }),
    ]);
    rmSync(configFile, { force: true });
    const virtualServices = (plan: Plan) => plannedObjects(plan, "VirtualService");
    const timeouts = (plan: Plan) => JSON.stringify(virtualServices(plan).map(({ spec }) => timeoutsIn(spec)));
    const behaviour = options.behaviour
        ? await measureBehaviour({
              stack: stack.name,
              baseCommit: base.commit,
              config: {
                  base: readFileSync(baseStack.configFile, "utf8"),
                  change: readFileSync(stack.configFile, "utf8"),
              },
              announced: virtualServices(after),
              requests: options.requests,
              held: timeouts(before) !== timeouts(after),
              onProgress,
          })
        : undefined;
    return {
        stack: stack.name,
        base: base.revision,
        change: await workingTree(),
        takenAt: new Date().toISOString(),
        resources: compareResources(before, after),
        against: after.deployed ? "state" : "plans",
        errors: { base: before.errors, change: after.errors },
        policy: compareViolations(before, after),
        risks: before.complete && after.complete ? risksOf(sideOf(before), sideOf(after)) : [],
        cost: costs(baseStack, stack),
        behaviour,
        provenance: runner.provenance ? [runner.provenance] : [],
    };
}

/** The Kubernetes objects of a kind in a plan. */
function plannedObjects({ resources }: Plan, kind: string): KubernetesObject[] {
    return [...resources.values()]
        .filter(({ type, operation }) => type.endsWith(`:${kind}`) && operation !== "delete")
        .map(({ inputs }) => inputs as unknown as KubernetesObject);
}

/** The time-outs of all routes: held requests are timed only where they differ, since that takes as long as they are. */
function timeoutsIn(spec: KubernetesObject["spec"]): unknown[] {
    const routes = (spec?.["http"] ?? []) as { timeout?: string; retries?: { perTryTimeout?: string } }[];
    return routes.map(({ timeout, retries }) => [timeout, retries?.perTryTimeout]);
}

function count(text: string): number {
    const number = Number(text);
    if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("a whole number above 0");
    return number;
}

/** The stack's configuration as the base has it. */
function inBase(stack: Stack, base: BaseTree): string {
    const path = relative(projectDirectory, stack.configFile);
    // A file from elsewhere belongs to no commit: both sides are given the same.
    return path.startsWith("..") ? stack.configFile : join(base.directory, path);
}

function costs(base: Stack, change: Stack): CostComparison | undefined {
    const of = (stack: Stack) => (clusterKindOf(stack) === "eks" ? costOf(stack) : undefined);
    try {
        return compareCosts(of(base), of(change));
    } catch (error) {
        return { ...compareCosts(undefined, undefined), problem: `Not estimated: ${(error as Error).message}` };
    }
}

function writeReview(review: Review, folder: string): void {
    mkdirSync(folder, { recursive: true });
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
    write("review.md", markdown(review));
    write("review.html", reviewPage(review));
    write(
        "review.sarif",
        `${JSON.stringify(reviewSarif(review.policy, Locator.of(projectDirectory)), undefined, 2)}\n`,
    );
    write("review.json", `${JSON.stringify(review, undefined, 2)}\n`);
}

function summarise(review: Review, folder: string): void {
    for (const message of review.errors.change) console.error(message);
    console.log(`Review of ${review.stack}: ${headline(review).replaceAll("**", "")}`);
    const { added, fixed, unchanged } = review.policy;
    console.log(`  policy    ${added.length} new, ${fixed.length} fixed, ${unchanged.length} unchanged violations`);
    console.log(`  risk      ${review.risks.length} lines`);
    console.log(`  report    ${relative(process.cwd(), join(folder, "review.html"))}`);
}
