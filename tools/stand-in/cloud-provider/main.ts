import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { runPlugin } from "../common/plugin-server";
import { cloudProvider } from "./service";

const implementation = cloudProvider(process.env.STAND_IN_NAME ?? "cloud", process.env.STAND_IN_VERSION ?? "0.0.0");
runPlugin(ResourceProviderService, implementation, () => {}).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
});
