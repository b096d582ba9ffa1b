import * as grpc from "@grpc/grpc-js";
import { ConstructRequest, ConstructResponse } from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import { RegisterResourceOutputsRequest, RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { toStruct } from "../common/struct";
import { JsonObject } from "../common/values";
import { Child } from "./outputs";

/** Registers the component that a Construct call asks for, with these children and outputs. */
export async function registerComponent(
    request: ConstructRequest,
    outputs: JsonObject,
    children: readonly Child[],
): Promise<ConstructResponse> {
    const monitor = new ResourceMonitorClient(request.getMonitorendpoint(), grpc.credentials.createInsecure());
    try {
        const registration = new RegisterResourceRequest();
        registration.setType(request.getType());
        registration.setName(request.getName());
        registration.setParent(request.getParent());
        registration.setDependenciesList(request.getDependenciesList());
        registration.setObject(request.getInputs());
        registration.setAcceptsecrets(true);
        registration.setSupportspartialvalues(true);
        const register = (resource: RegisterResourceRequest) =>
            new Promise<string>((resolve, reject) =>
                monitor.registerResource(resource, (error, response) =>
                    error ? reject(error) : resolve(response.getUrn()),
                ),
            );
        const urn = await register(registration);
        for (const child of children) await register(childRegistration(request, urn, child));
        const state = toStruct(outputs);
        const result = new RegisterResourceOutputsRequest();
        result.setUrn(urn);
        result.setOutputs(state);
        await new Promise<void>((resolve, reject) =>
            monitor.registerResourceOutputs(result, (error) => (error ? reject(error) : resolve())),
        );
        return new ConstructResponse().setUrn(urn).setState(state);
    } finally {
        monitor.close();
    }
}

/** A resource beneath the component, of the provider that the program passes for its package. */
function childRegistration(request: ConstructRequest, parent: string, { type, suffix, inputs }: Child) {
    const provider = request.getProvidersMap().get(type.split(":")[0]!) ?? "";
    return new RegisterResourceRequest()
        .setType(type)
        .setName(request.getName() + suffix)
        .setParent(parent)
        .setCustom(true)
        .setProvider(provider)
        .setObject(toStruct(inputs))
        .setAcceptsecrets(true)
        .setSupportspartialvalues(true);
}
