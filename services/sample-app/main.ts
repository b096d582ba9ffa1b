import { readClientOptions, runClient } from "./client";
import { readRecorderOptions, readServerOptions, StartError, type ServerOptions } from "./options";
import { SampleServer } from "./server";

/** Entry point: `client ...` sends requests from inside the pod, `recorder ...` takes messages, anything else serves. */
async function main(args: readonly string[]): Promise<void> {
    if (args[0] === "client") {
        const responses = await runClient(readClientOptions(args.slice(1)));
        process.stdout.write(`${JSON.stringify({ responses })}\n`);
        return;
    }
    if (args[0] === "recorder") {
        // Loaded for this mode alone: nobody else needs what reads mail.
        const { MessageRecorder } = await import("./message-recorder");
        const recorder = new MessageRecorder(readRecorderOptions(args.slice(1)));
        stopOnSignal(recorder);
        const { port, smtpPort } = await recorder.listen();
        console.log(`the recorder is listening on port ${port}, and for mail on port ${smtpPort}`);
        return;
    }
    const options = readServerOptions(args, process.env);
    const metrics = options.metrics && (await startMetrics(options.metrics, options.business));
    const server = new SampleServer(options, (answered) => metrics?.count(answered));
    stopOnSignal({ stop: () => server.stop().then(() => metrics?.stop()) });
    const port = await server.listen();
    console.log(`${options.pod} is listening on port ${port}`);
}

/** Loaded where it is wanted alone. */
async function startMetrics(
    { port, host }: NonNullable<ServerOptions["metrics"]>,
    business: ServerOptions["business"],
) {
    const { BusinessMetrics } = await import("./metrics");
    const metrics = new BusinessMetrics(business);
    console.log(`metrics are at port ${await metrics.listen(port, host)}`);
    return metrics;
}

/** Ends when it is asked to; at once when it is asked again. */
function stopOnSignal(server: { stop(): Promise<void> }): void {
    let stopping = false;
    const stop = (signal: NodeJS.Signals) => {
        if (stopping) process.exit(1);
        stopping = true;
        console.log(`${signal}: finishing open requests`);
        void server.stop().then(() => process.exit(0));
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
}

main(process.argv.slice(2)).catch((error: Error) => {
    process.stderr.write(error instanceof StartError ? error.message : `${error.message}\n`);
    process.exitCode = error instanceof StartError ? error.exitCode : 1;
});
