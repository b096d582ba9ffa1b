import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { engineAddress, runPlugin } from "../common/plugin-server";
import { Children } from "./children";
import { languageHost } from "./service";

const children = new Children();
const implementation = languageHost({
    engine: engineAddress(),
    version: process.env.STAND_IN_VERSION ?? "0.0.0",
    children,
});
runPlugin(LanguageRuntimeService, implementation, (signal) => children.signal(signal)).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
});
