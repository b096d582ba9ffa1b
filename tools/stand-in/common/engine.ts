import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Messages for the user, shown by the engine beside the resource that they are about. */
export interface EngineLog {
    /** A passing message: shown while the operation runs, not kept. */
    status(urn: string, message: string): void;
    /** A message that is kept. */
    info(urn: string, message: string): void;
    /** A warning that is kept. */
    warn(urn: string, message: string): void;
}

/** The log of the engine at this address; messages are dropped when there is no engine (in tests). */
export function connectEngineLog(address: string): EngineLog {
    if (address === "") return { status: () => {}, info: () => {}, warn: () => {} };
    const client = new EngineClient(address, grpc.credentials.createInsecure());
    const send = (severity: LogSeverity, urn: string, message: string, ephemeral = false) => {
        const request = new LogRequest();
        request.setSeverity(severity);
        request.setUrn(urn);
        request.setMessage(message);
        request.setEphemeral(ephemeral);
        client.log(request, () => {
            // A message that cannot be delivered is not worth failing an operation.
        });
    };
    return {
        status: (urn, message) => send(LogSeverity.INFO, urn, message, true),
        info: (urn, message) => send(LogSeverity.INFO, urn, message),
        warn: (urn, message) => send(LogSeverity.WARNING, urn, message),
    };
}
