import { readClientOptions, runClient } from "./client";
import { readServerOptions, StartError } from "./options";
import { SampleServer } from "./server";

/** Entry point: `client ...` sends requests from inside the pod, anything else serves. */
async function main(args: readonly string[]): Promise<void> {
    if (args[0] === "client") {
        const responses = await runClient(readClientOptions(args.slice(1)));
        process.stdout.write(`${JSON.stringify({ responses })}\n`);
        return;
    }
    const options = readServerOptions(args, process.env);
    const server = new SampleServer(options);
    let stopping = false;
    const stop = (signal: NodeJS.Signals) => {
        if (stopping) process.exit(1);
        stopping = true;
        console.log(`${signal}: finishing open requests`);
        void server.stop().then(() => process.exit(0));
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
    const port = await server.listen();
    console.log(`${options.pod} is listening on port ${port}`);
}

main(process.argv.slice(2)).catch((error: Error) => {
    process.stderr.write(error instanceof StartError ? error.message : `${error.message}\n`);
    process.exitCode = error instanceof StartError ? error.exitCode : 1;
});
