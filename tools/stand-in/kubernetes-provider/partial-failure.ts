import * as grpc from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { RpcError } from "../common/plugin-server";
import { toStruct } from "../common/struct";
import { JsonObject } from "../common/values";

/**
 * The error by which the engine learns that a resource exists but is not ready: it keeps the resource in its state, fails the
 * update, and tries again at the next one.
 */
export function partialFailure(id: string, outputs: JsonObject, inputs: JsonObject, reason: string): RpcError {
    const detail = new ErrorResourceInitFailed();
    detail.setId(id);
    detail.setProperties(toStruct(outputs));
    detail.setInputs(toStruct(inputs));
    detail.setReasonsList([reason]);
    const packed = new Any();
    packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new Status();
    status.setCode(grpc.status.UNKNOWN);
    status.setMessage(reason);
    status.addDetails(packed);
    const metadata = new grpc.Metadata();
    metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
    return new RpcError(grpc.status.UNKNOWN, reason, metadata);
}
