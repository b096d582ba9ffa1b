import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { PROMETHEUS } from "../components/config/monitoring/prometheus";
import { TargetError, type VerificationTarget } from "../tests/verification/target/file";
import { UserError } from "../tools/errors";
import { Progress } from "./progress";
import { clusterApi, type ClusterApi } from "./resources/api";
import { measureByKubelets, measureByPrometheus } from "./resources/measure";
import { asText, resourceReport, type ResourceReport } from "./resources/report";
import { readTarget, type TargetOptions } from "./target";

interface Options extends TargetOptions {
    for: number;
    json?: string;
    kubelets?: boolean;
}

/** `npm run resources`: requests and limits against what the containers use (S8). */
export function resourcesCommand(): Command {
    return new Command("resources")
        .option("--stack <name>", "environment whose containers they are", "local")
        .option("--target <file>", "describes the environment; default: what the deployment of the stack wrote")
        .option(
            "--for <seconds>",
            "how long to measure, or how far to look back where Prometheus has measured",
            seconds,
            60,
        )
        .option("--kubelets", "ask the kubelets although Prometheus runs")
        .option("--json <file>", "write the report to a file, too")
        .addHelpText(
            "after",
            `
Requests and limits of every container against its measured use, with the size that fits by a stated rule. Have the environment do
what it does in earnest meanwhile: npm run verify, npm run load, or your own load.

Where the stack is monitored, Prometheus is asked about the past; elsewhere the kubelets are watched from now on.
Exit codes: 0 shown, 2 there is no such environment, or nothing could be measured.`,
        )
        .action(async (options: Options) => {
            const report = await measured(options);
            if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
            console.log(asText(report));
        });
}

function seconds(text: string): number {
    const number = Number(text);
    if (!Number.isInteger(number) || number < 20 || number > 86_400)
        throw new InvalidArgumentError("a whole number of seconds, 20 to 86400");
    return number;
}

async function measured(options: Options): Promise<ResourceReport> {
    try {
        const target = readTarget(options);
        return await measure(clusterApi(target.kubeconfig), target, options);
    } catch (error) {
        if (error instanceof TargetError) throw new UserError(error.message, 2);
        throw new UserError(`The resources cannot be measured: ${(error as Error).message}`, 2);
    }
}

async function measure(
    api: ClusterApi,
    { config }: VerificationTarget,
    { for: period, kubelets }: Options,
): Promise<ResourceReport> {
    const { monitoring, egov } = config;
    if (monitoring.enabled && monitoring.clusterMetrics.enabled && !kubelets) {
        const service = { namespace: egov.namespaces.monitoring, ...PROMETHEUS };
        const measurements = await measureByPrometheus(api, service, period);
        if (measurements.size === 0) throw new Error("Prometheus has measured no container yet; try --kubelets");
        return resourceReport(await api.pods(), measurements, { measuredBy: "Prometheus", seconds: period });
    }
    const progress = new Progress();
    const measurements = await measureByKubelets(api, period, progress.line);
    progress.close();
    return resourceReport(await api.pods(), measurements, { measuredBy: "kubelets", seconds: period });
}
