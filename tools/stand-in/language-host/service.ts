import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { ILanguageRuntimeServer } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as language from "@pulumi/pulumi/proto/language_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import { RpcError, unary } from "../common/plugin-server";
import { Children } from "./children";
import { runtimeOptions } from "./options";
import { programDependencies, requiredPlugins } from "./packages";
import { runProgram } from "./run";
import { runPluginProgram } from "./run-plugin";

/** What the language host needs to know about its surroundings. */
export interface LanguageHostContext {
    /** Address of the engine, passed on to the program. */
    engine: string;
    /** Version that the host reports: that of @pulumi/pulumi. */
    version: string;
    children: Children;
}

const programDirectory = (info: language.ProgramInfo | undefined): string =>
    info?.getProgramDirectory() || process.cwd();

/** Runs a handler of a streaming call, and ends the stream when it has finished. */
function streaming<Request, Response>(
    handle: (call: grpc.ServerWritableStream<Request, Response>) => Promise<void>,
): grpc.handleServerStreamingCall<Request, Response> {
    return (call) => {
        handle(call).then(
            () => call.end(),
            (error: unknown) =>
                call.destroy(
                    Object.assign(error instanceof Error ? error : new Error(String(error)), {
                        code: grpc.status.UNKNOWN,
                    }),
                ),
        );
    };
}

function notOffered(what: string): grpc.handleUnaryCall<never, never> {
    return unary<never, never>(() => {
        throw new RpcError(
            grpc.status.UNIMPLEMENTED,
            `The stand-in language host does not offer ${what}. Use the official Pulumi CLI for it.`,
        );
    });
}

/** pulumirpc.LanguageRuntime for Node.js programs, on the entry points that @pulumi/pulumi itself brings. */
export function languageHost({ engine, version, children }: LanguageHostContext): Omit<ILanguageRuntimeServer, symbol> {
    const implementation = {
        handshake: unary(() => new language.LanguageHandshakeResponse()),
        getPluginInfo: unary(() => new plugin.PluginInfo().setVersion(version)),
        about: unary(() => new language.AboutResponse().setExecutable(process.execPath).setVersion(process.version)),
        getRequiredPackages: unary((request: language.GetRequiredPackagesRequest) =>
            new language.GetRequiredPackagesResponse().setPackagesList(
                requiredPlugins(programDirectory(request.getInfo())).map(({ name, version, server }) =>
                    new plugin.PackageDependency()
                        .setName(name)
                        .setKind("resource")
                        .setVersion(version)
                        .setServer(server),
                ),
            ),
        ),
        getRequiredPlugins: unary((request: language.GetRequiredPluginsRequest) =>
            new language.GetRequiredPluginsResponse().setPluginsList(
                requiredPlugins(programDirectory(request.getInfo())).map(({ name, version, server }) =>
                    new plugin.PluginDependency()
                        .setName(name)
                        .setKind("resource")
                        .setVersion(version)
                        .setServer(server),
                ),
            ),
        ),
        getProgramDependencies: unary((request: language.GetProgramDependenciesRequest) =>
            new language.GetProgramDependenciesResponse().setDependenciesList(
                programDependencies(programDirectory(request.getInfo()), request.getTransitivedependencies()).map(
                    ({ name, version }) => new language.DependencyInfo().setName(name).setVersion(version),
                ),
            ),
        ),
        runtimeOptionsPrompts: unary(() => new language.RuntimeOptionsResponse()),
        template: unary(() => new language.TemplateResponse()),
        run: unary((request: language.RunRequest) => runProgram(request, engine, children)),
        runPlugin: streaming<language.RunPluginRequest, language.RunPluginResponse>((call) =>
            runPluginProgram(call, children),
        ),
        installDependencies: streaming<language.InstallDependenciesRequest, language.InstallDependenciesResponse>(
            async (call) => {
                const { packageManager } = runtimeOptions(call.request.getInfo());
                const { child, exit } = children.spawn(packageManager, ["install"], {
                    cwd: call.request.getDirectory(),
                    stdio: ["ignore", "pipe", "pipe"],
                });
                child.stdout?.on("data", (chunk: Buffer) =>
                    call.write(new language.InstallDependenciesResponse().setStdout(chunk)),
                );
                child.stderr?.on("data", (chunk: Buffer) =>
                    call.write(new language.InstallDependenciesResponse().setStderr(chunk)),
                );
                call.on("cancelled", () => child.kill("SIGTERM"));
                const status = await exit;
                if (!("code" in status) || status.code !== 0)
                    throw new Error(
                        `\`${packageManager} install\` failed in ${call.request.getDirectory()}: see its messages above.`,
                    );
            },
        ),
        generateProgram: notOffered("program conversion"),
        generateProject: notOffered("project conversion"),
        generatePackage: notOffered("package generation"),
        pack: notOffered("package packing"),
        link: notOffered("package linking"),
        cancel: unary(() => {
            children.cancel();
            return new Empty();
        }),
    };
    return implementation as unknown as Omit<ILanguageRuntimeServer, symbol>;
}
