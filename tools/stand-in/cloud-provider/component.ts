import * as grpc from "@grpc/grpc-js";
import { ConstructRequest, ConstructResponse } from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import { RegisterResourceOutputsRequest, RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { toStruct } from "../common/struct";
import { JsonObject } from "../common/values";

/** Registers the component that a Construct call asks for, without children, with these outputs. */
export async function registerComponent(request: ConstructRequest, outputs: JsonObject): Promise<ConstructResponse> {
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
        const urn = await new Promise<string>((resolve, reject) =>
            monitor.registerResource(registration, (error, response) =>
                error ? reject(error) : resolve(response.getUrn()),
            ),
        );
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
