import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { RpcError, unary } from "../common/plugin-server";
import { fromStruct, toStruct } from "../common/struct";
import { equal, JsonObject, reveal } from "../common/values";
import { registerComponent } from "./component";
import { componentChildren, componentOutputs, functionResult } from "./outputs";

/** pulumirpc.ResourceProvider that shows declared resources in previews and refuses to make any. */
export function cloudProvider(name: string, version: string): grpc.UntypedServiceImplementation {
    let region: string | undefined;
    const refuse = (): never => {
        throw new RpcError(
            grpc.status.UNIMPLEMENTED,
            `The stand-in ${name} provider can only preview. Run this stack on a machine with the official ${name} provider (pulumi plugin install resource ${name} ${version}).`,
        );
    };
    return {
        handshake: unary(() => new pb.ProviderHandshakeResponse().setAcceptSecrets(true)),
        getPluginInfo: unary(() => new plugin.PluginInfo().setVersion(version)),
        getSchema: unary(() => new pb.GetSchemaResponse().setSchema(JSON.stringify({ name, version }))),
        attach: unary(() => new Empty()),
        getMapping: unary(() => new pb.GetMappingResponse()),
        getMappings: unary(() => new pb.GetMappingsResponse()),
        parameterize: unary(refuse),
        checkConfig: unary((request: pb.CheckRequest) => new pb.CheckResponse().setInputs(request.getNews())),
        diffConfig: unary(() => new pb.DiffResponse().setChanges(pb.DiffResponse.DiffChanges.DIFF_NONE)),
        configure: unary((request: pb.ConfigureRequest) => {
            const configured = fromStruct(request.getArgs())["region"];
            region = typeof configured === "string" ? configured : undefined;
            return new pb.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
        }),
        check: unary((request: pb.CheckRequest) => new pb.CheckResponse().setInputs(request.getNews())),
        diff: unary((request: pb.DiffRequest) => {
            const before = reveal(fromStruct(request.getOldInputs() ?? request.getOlds())).value;
            const changed = changedKeys(before, reveal(fromStruct(request.getNews())).value);
            const { DIFF_SOME, DIFF_NONE } = pb.DiffResponse.DiffChanges;
            return new pb.DiffResponse().setDiffsList(changed).setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE);
        }),
        create: unary((request: pb.CreateRequest) =>
            request.getPreview() ? new pb.CreateResponse().setProperties(request.getProperties()) : refuse(),
        ),
        update: unary((request: pb.UpdateRequest) =>
            request.getPreview() ? new pb.UpdateResponse().setProperties(request.getNews()) : refuse(),
        ),
        read: unary(refuse),
        delete: unary(refuse),
        construct: unary((request: pb.ConstructRequest) =>
            request.getDryrun() ? registerPreviewed(request) : refuse(),
        ),
        invoke: unary((request: pb.InvokeRequest) => {
            const result = functionResult(request.getTok(), reveal(fromStruct(request.getArgs())).value, region);
            if (!result)
                throw new RpcError(
                    grpc.status.UNIMPLEMENTED,
                    `The stand-in ${name} provider has no answer for ${request.getTok()}. Add one to cloud-provider/outputs.ts, or use the official provider.`,
                );
            return new pb.InvokeResponse().setReturn(toStruct(result));
        }),
        call: unary(refuse),
        cancel: unary(() => new Empty()),
    };
}

function registerPreviewed(request: pb.ConstructRequest): Promise<pb.ConstructResponse> {
    const type = request.getType();
    const args = reveal(fromStruct(request.getInputs())).value;
    return registerComponent(request, componentOutputs(type), componentChildren(type, args));
}

function changedKeys(before: JsonObject, after: JsonObject): string[] {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.filter((key) => !key.startsWith("__") && !equal(before[key], after[key]));
}
