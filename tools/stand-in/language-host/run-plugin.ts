import * as grpc from "@grpc/grpc-js";
import { RunPluginRequest, RunPluginResponse } from "@pulumi/pulumi/proto/language_pb";
import { Children } from "./children";
import { optionsEnvironment, runtimeOptions } from "./options";
import { resolveEntryPoint } from "./sdk";

/** What node must run for a plugin written in TypeScript, and where. */
export interface PluginCommand {
    args: string[];
    cwd: string;
}

/** The command for a policy pack (kind `analyzer`) or for a provider made of source (any other kind). */
export function pluginCommand(request: RunPluginRequest): PluginCommand {
    const directory = request.getInfo()?.getProgramDirectory() || request.getProgram();
    const { nodeArguments } = runtimeOptions(request.getInfo());
    if (request.getKind() === "analyzer")
        return {
            args: [
                ...nodeArguments,
                resolveEntryPoint("run-policy-pack", directory),
                ...request.getArgsList(),
                directory,
            ],
            cwd: directory,
        };
    return {
        args: [...nodeArguments, resolveEntryPoint("run-plugin", directory), directory, ...request.getArgsList()],
        cwd: request.getPwd() || directory,
    };
}

/** Runs a plugin until it ends or the engine closes the call; what it prints goes back in the stream. */
export async function runPluginProgram(
    call: grpc.ServerWritableStream<RunPluginRequest, RunPluginResponse>,
    children: Children,
): Promise<void> {
    const { request } = call;
    const { args, cwd } = pluginCommand(request);
    const { child, exit } = children.spawn(process.execPath, args, {
        cwd,
        env: {
            ...process.env,
            ...parseEnvironment(request.getEnvList()),
            ...optionsEnvironment(runtimeOptions(request.getInfo())),
        },
        stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout?.on("data", (chunk: Buffer) => call.write(new RunPluginResponse().setStdout(chunk)));
    child.stderr?.on("data", (chunk: Buffer) => call.write(new RunPluginResponse().setStderr(chunk)));
    call.on("cancelled", () => child.kill("SIGTERM"));
    const status = await exit;
    call.write(new RunPluginResponse().setExitcode("code" in status ? status.code : 1));
}

/** `["A=1"]` as `{ A: "1" }`. */
export function parseEnvironment(list: readonly string[]): Record<string, string> {
    return Object.fromEntries(
        list.map((entry) => {
            const equals = entry.indexOf("=");
            return equals < 0 ? [entry, ""] : [entry.slice(0, equals), entry.slice(equals + 1)];
        }),
    );
}
