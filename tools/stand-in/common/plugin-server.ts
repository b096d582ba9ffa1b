import * as grpc from "@grpc/grpc-js";

/** Largest message that the engine sends or takes, in bytes: the same 400 MiB as in its own plugins. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

/** How often a plugin looks whether the engine still lives, in milliseconds. */
const PARENT_CHECK_INTERVAL_MS = 1000;

/** How long calls under way have to answer when the plugin is asked to end, in milliseconds. The engine itself kills it after 5 s. */
const LAST_ANSWERS_MS = 2000;

/** An error that keeps a gRPC status and, when there are any, its details. */
export class RpcError extends Error {
    constructor(
        readonly code: grpc.status,
        message: string,
        readonly metadata?: grpc.Metadata,
    ) {
        super(message);
    }
}

/** A gRPC handler made of an asynchronous function; what it throws becomes the call's error. */
export function unary<Request, Response>(
    handle: (request: Request) => Promise<Response> | Response,
): grpc.handleUnaryCall<Request, Response> {
    return (call, callback) => {
        Promise.resolve()
            .then(() => handle(call.request))
            .then(
                (response) => callback(null, response),
                (error: unknown) => callback(toStatus(error)),
            );
    };
}

function toStatus(error: unknown): Partial<grpc.StatusObject> {
    const details = error instanceof Error ? error.message : String(error);
    if (error instanceof RpcError) return { code: error.code, details, metadata: error.metadata };
    return { code: grpc.status.UNKNOWN, details };
}

/** A gRPC server on a free port of the loopback interface. */
export interface RunningServer {
    port: number;
    server: grpc.Server;
}

/**
 * Starts a gRPC server for one service of Pulumi's plugin protocol.
 * @throws Error when no port can be opened.
 */
export async function listen(
    service: grpc.ServiceDefinition,
    implementation: grpc.UntypedServiceImplementation,
): Promise<RunningServer> {
    const server = new grpc.Server({
        "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
        "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
    });
    server.addService(service, implementation);
    const port = await new Promise<number>((resolve, reject) =>
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
            error ? reject(error) : resolve(bound),
        ),
    );
    return { port, server };
}

/**
 * Runs the process as an engine plugin: serves, prints the port (the engine reads it from the first line), and ends on the engine's
 * SIGINT or when the engine is gone. Calls under way are interrupted, but may still answer: the engine needs what they
 * report for its state.
 *
 * @param interrupt Ends waits and child processes as soon as possible.
 */
export async function runPlugin(
    service: grpc.ServiceDefinition,
    implementation: grpc.UntypedServiceImplementation,
    interrupt: (signal: NodeJS.Signals) => void,
): Promise<void> {
    const { port, server } = await listen(service, implementation);
    const end = (signal: NodeJS.Signals) => {
        interrupt(signal);
        setTimeout(() => process.exit(0), LAST_ANSWERS_MS).unref();
        server.tryShutdown(() => process.exit(0));
    };
    process.once("SIGINT", end).once("SIGTERM", end);
    const engine = process.ppid;
    setInterval(() => process.ppid !== engine && end("SIGTERM"), PARENT_CHECK_INTERVAL_MS).unref();
    process.stdout.write(`${port}\n`);
}

/** The engine's address: the last argument of a plugin that is not an option. */
export function engineAddress(args: readonly string[] = process.argv.slice(2)): string {
    return args.filter((argument) => !argument.startsWith("-")).pop() ?? "";
}
