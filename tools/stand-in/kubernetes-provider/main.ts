import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { connectEngineLog } from "../common/engine";
import { engineAddress, runPlugin } from "../common/plugin-server";
import { CancelledError } from "./api/errors";
import { KubernetesProvider } from "./service";

const cancellation = new AbortController();
const provider = new KubernetesProvider({
    version: process.env.STAND_IN_VERSION ?? "0.0.0",
    log: connectEngineLog(engineAddress()),
    cancellation,
});
const interrupt = () => cancellation.abort(new CancelledError());
runPlugin(ResourceProviderService, provider.handlers(), interrupt).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
});
