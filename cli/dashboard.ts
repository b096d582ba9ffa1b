import { Command, InvalidArgumentError } from "commander";
import { publicUrls, publishedTools } from "../components/config/monitoring/access";
import { PROMETHEUS } from "../components/config/monitoring/prometheus";
import { JAEGER, JAEGER_PATH } from "../components/config/monitoring/tracing";
import { TargetError, type VerificationTarget } from "../tests/verification/target/file";
import { UserError } from "../tools/errors";
import { openInBrowser } from "./dashboard/browser";
import { startForwarder } from "./dashboard/forwarder";
import { viewerToken } from "./dashboard/token";
import { readTarget, type TargetOptions } from "./target";

interface Options extends TargetOptions {
    open?: boolean;
    port: number;
    hours: number;
}

/** `npm run dashboard`: where the tools of an environment's monitoring are, and how to log in. */
export function dashboardCommand(): Command {
    return new Command("dashboard")
        .option("--stack <name>", "environment whose tools they are", "local")
        .option("--target <file>", "describes the environment; default: what the deployment of the stack wrote")
        .option("--open", "open them in the browser, by way of a port of this machine that logs in; until Ctrl-C")
        .option("--port <number>", "that port; 0: any free one", wholeNumber(0, 65535), 0)
        .option("--hours <number>", "for how long the token is good", wholeNumber(1, 24), 1)
        .addHelpText(
            "after",
            `
Whoever reaches the port that --open listens on, which is one of this machine alone, is logged in.

Exit codes: 0 shown, 2 the environment has no monitoring, or was not deployed from here.`,
        )
        .action(async ({ open, port, hours, ...options }: Options) => {
            const target = environment(options);
            const token = target.accessKey && viewerToken(target.config, target.accessKey, hours);
            console.log(describe(target, token, hours).join("\n"));
            if (!open) return;
            if (publishedTools(target.config).length === 0)
                throw new UserError(
                    "--open needs istio-platform:monitoring.access: without it the tools have no domain.",
                    2,
                );
            const { host } = target.config.monitoring.access!;
            const forwarder = await startForwarder({ to: target.gateway, host, token, port });
            const urls = publishedTools(target.config).map(({ path }) => `${forwarder.url}${path}/`);
            console.log(`\nOn this machine, until Ctrl-C:\n${urls.map((url) => `  ${url}`).join("\n")}`);
            openInBrowser(urls[0]!);
            await new Promise<void>((resolve) => process.once("SIGINT", resolve));
            await forwarder.close();
        });
}

function environment(options: TargetOptions): VerificationTarget {
    try {
        const target = readTarget(options);
        if (target.config.monitoring.enabled) return target;
    } catch (error) {
        if (error instanceof TargetError) throw new UserError(error.message, 2);
        throw error;
    }
    throw new UserError(`The stack ${options.stack} has no monitoring: istio-platform:monitoring.enabled is false.`, 2);
}

/** The lines that say where the tools are. */
export function describe(
    { stack, config, gateway }: VerificationTarget,
    token: string | undefined,
    hours: number,
): string[] {
    const { monitoring: namespace } = config.egov.namespaces;
    const tools = publishedTools(config);
    const urls = publicUrls(config);
    const width = Math.max(0, ...tools.map(({ name }) => name.length));
    const port = (name: string, own: number, path = "") =>
        `  kubectl -n ${namespace} port-forward service/${name} ${own}    http://127.0.0.1:${own}${path}`;
    if (tools.length === 0)
        return [
            `The tools of the stack ${stack} have no domain (istio-platform:monitoring.access). From this machine:`,
            port(PROMETHEUS.name, PROMETHEUS.port),
            ...(config.monitoring.tracing ? [port(JAEGER.name, JAEGER.query, JAEGER_PATH)] : []),
        ];
    const { issuer, host } = config.monitoring.access!;
    return [
        `The tools of the stack ${stack}:`,
        ...tools.map(({ name }) => `  ${name.padEnd(width)}  ${urls[name]}/`),
        "",
        ...(token
            ? [
                  `To log in, send this token, which is good for ${hours} h, with every request:`,
                  `  Authorization: Bearer ${token}`,
              ]
            : [`To log in, send a token of ${issuer} with every request: Authorization: Bearer TOKEN`]),
        `In a browser: npm run dashboard -- --stack ${stack} --open`,
        `Where ${host} has no address: curl --connect-to ::${gateway.address}:${gateway.port} -H "Authorization: Bearer ..." ${urls[tools[0]!.name]}/`,
    ];
}

function wholeNumber(least: number, most: number): (text: string) => number {
    return (text) => {
        const value = Number(text);
        if (!/^\d+$/.test(text) || value < least || value > most)
            throw new InvalidArgumentError(`a whole number from ${least} to ${most}`);
        return value;
    };
}
