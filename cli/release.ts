import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { parse, stringify } from "yaml";
import { canaryVersions } from "../components/config/canary";
import { duration, milliseconds } from "../components/config/units";
import { connectTarget } from "../tests/verification/target/connect";
import { UserError } from "../tools/errors";
import { type StackOptions, withStackOptions } from "./options";
import { findStack, localDirectory, projectDirectory, type Stack } from "./project";
import { interruptible } from "./processes";
import { Progress } from "./progress";
import { numberIn, windowOf, type Query } from "./release/metrics";
import { DOCUMENTED_PLAN, release, type ReleasePlan } from "./release/release";
import { StackRunner } from "./stack";
import { writeWorkingConfig } from "./stack-config";
import { readTarget } from "./target";

interface ReleaseOptions extends StackOptions {
    service: string;
    steps: number[];
    stepTime: number;
    interval: number;
    minimumRequests: number;
}

/** Port of Prometheus in its pod. */
const PROMETHEUS_PORT = 9090;

/** `npm run release`: gives a service's candidate its requests in steps, as long as it is as good as today's version (C9, T5). */
export function releaseCommand(): Command {
    return withStackOptions(new Command("release"), "prod")
        .requiredOption("--service <name>", "e-commerce service with a canary, for example order-api")
        .option("--steps <percents>", "shares of the candidate (C9)", steps, [...DOCUMENTED_PLAN.steps])
        .option("--step-time <duration>", "time of each step (C9)", time, DOCUMENTED_PLAN.stepTime)
        .option("--interval <duration>", "time between two looks at the metrics (T5)", time, DOCUMENTED_PLAN.interval)
        .option(
            "--minimum-requests <number>",
            "requests below which nothing is decided",
            Number,
            DOCUMENTED_PLAN.limits.minimumRequests,
        )
        .addHelpText(
            "after",
            `
Needs a deployed stack with monitoring, and a canary in ecommerce.canaries. Each step is a \`pulumi up\` under the policy pack with
other weights. The candidate's error rate and p95 are compared with today's version's from Prometheus; whatever goes wrong, Ctrl-C
included, all requests go back to today's version. Afterwards write the new weights into the stack's configuration.

Exit codes: 0 released, 1 rolled back, 2 it could not run.`,
        )
        .action(async (options: ReleaseOptions) => {
            const stack = findStack(options);
            const document = parse(readFileSync(stack.configFile, "utf8")) as Document;
            const canary = document.config?.["istio-platform:ecommerce"]?.canaries?.[options.service];
            if (!canary)
                throw new UserError(
                    `--service ${options.service}: ecommerce.canaries of ${stack.configFile} has no such service.`,
                    2,
                );
            const progress = new Progress();
            const runner = await StackRunner.open(stack, progress.line);
            progress.close();
            await run(stack, runner, document, options);
        });
}

interface Document {
    config?: {
        "istio-platform:ecommerce"?: {
            namespace?: string;
            canaries?: Record<string, { weights?: object } | undefined>;
        };
    };
}

async function run(stack: Stack, runner: StackRunner, document: Document, options: ReleaseOptions): Promise<void> {
    const { service, steps, stepTime, interval, minimumRequests } = options;
    const plan: ReleasePlan = {
        ...DOCUMENTED_PLAN,
        steps,
        stepTime,
        interval,
        limits: { ...DOCUMENTED_PLAN.limits, minimumRequests },
    };
    const description = readTarget({ stack: stack.name });
    const target = await connectTarget(description);
    const { namespace } = description.config.ecommerce;
    const query: Query = async (expression) => {
        const [pod] = await prometheusPods(target);
        if (!pod)
            throw new UserError("There is no ready pod of Prometheus: is monitoring switched on in this stack?", 2);
        const { status, body } = await target.kubernetes.get(
            pod,
            PROMETHEUS_PORT,
            `/api/v1/query?query=${encodeURIComponent(expression)}`,
        );
        if (status !== 200) throw new Error(`Prometheus answers ${status} to ${expression}: ${body.trim()}`);
        return numberIn(body);
    };
    try {
        // Before anything is changed: a release that cannot see is none.
        await query("vector(1)");
        const result = await interruptible((signal) =>
            release(
                {
                    shift: (candidate) => shift(stack, runner, document, service, candidate),
                    measure: async (seconds) => {
                        const of = (version: string) => windowOf(query, { service, namespace, version }, seconds);
                        const [stable, candidate] = await Promise.all([
                            of(canaryVersions.stable),
                            of(canaryVersions.candidate),
                        ]);
                        return { stable, candidate };
                    },
                    say: (line) => console.log(line),
                },
                plan,
                signal,
            ),
        );
        const folder = join(projectDirectory, "reports", "release", stack.name);
        mkdirSync(folder, { recursive: true });
        writeFileSync(
            join(folder, "release.json"),
            `${JSON.stringify({ stack: stack.name, service, plan, ...result }, undefined, 2)}\n`,
        );
        if (!result.released)
            throw new UserError(`${service} was rolled back: see above, and ${join(folder, "release.json")}.`, 1);
        console.log(
            `${service}: the candidate gets every request. Write weights { stable: 0, candidate: 100 } into ${stack.configFile}.`,
        );
    } finally {
        await target.close();
    }
}

async function prometheusPods({ kubernetes }: Awaited<ReturnType<typeof connectTarget>>) {
    const namespaces = await kubernetes.objects({ apiVersion: "v1", kind: "Namespace", namespace: "" });
    const pods = await Promise.all(
        namespaces.map(({ metadata }) => kubernetes.pods(metadata.name, { app: "prometheus" })),
    );
    return pods.flat().filter(({ readySince }) => readySince);
}

/** `pulumi up` with these weights instead of the configured ones; the suite does not run in between. */
async function shift(
    stack: Stack,
    runner: StackRunner,
    document: Document,
    service: string,
    candidate: number,
): Promise<void> {
    const config = structuredClone(document.config ?? {}) as Record<string, Record<string, unknown>>;
    const ecommerce = config["istio-platform:ecommerce"]!;
    const canaries = ecommerce["canaries"] as Record<string, object>;
    canaries[service] = { ...canaries[service], weights: { stable: 100 - candidate, candidate } };
    config["istio-platform:verification"] = { ...config["istio-platform:verification"], enabled: false };
    const file = join(localDirectory, "release", `Pulumi.${stack.name}.yaml`);
    mkdirSync(join(localDirectory, "release"), { recursive: true });
    writeFileSync(file, stringify({ ...document, config }), { mode: 0o600 });
    const working = writeWorkingConfig(
        { name: stack.name, configFile: file },
        join(localDirectory, "release", `Pulumi.${stack.name}.working.yaml`),
    );
    const args = ["up", "--yes", "--skip-preview", ...runner.argumentsWith(working), "--policy-pack", "policy"];
    const { code, stdout, stderr } = await runner.capture(args);
    if (code !== 0) throw new Error(`pulumi up with weight ${candidate} failed:\n${stdout}\n${stderr}`);
}

function steps(text: string): number[] {
    const all = text.split(",").map(Number);
    const rising = all.every((step, index) => Number.isInteger(step) && step > (all[index - 1] ?? 0) && step <= 100);
    if (!rising || all.at(-1) !== 100)
        throw new InvalidArgumentError("rising percents that end with 100, such as 10,50,100");
    return all;
}

function time(text: string): number {
    const parsed = duration.safeParse(text);
    if (!parsed.success) throw new InvalidArgumentError(parsed.error.issues[0]!.message);
    return milliseconds(parsed.data);
}
