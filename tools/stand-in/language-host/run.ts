import { RunRequest, RunResponse } from "@pulumi/pulumi/proto/language_pb";
import { Children } from "./children";
import { optionsEnvironment, RuntimeOptions, runtimeOptions } from "./options";
import { resolveEntryPoint } from "./sdk";

/** Exit code by which @pulumi/pulumi says that the program failed and that the user has been told why. */
const FAILED_AND_REPORTED = 32;

/** The command line of `@pulumi/pulumi/cmd/run` for a request. */
export function runArguments(
    request: RunRequest,
    engine: string,
    entryPoint: string,
    options: RuntimeOptions,
): string[] {
    const info = request.getInfo();
    const named: [string, string | number | undefined][] = [
        ["monitor", request.getMonitorAddress()],
        ["engine", engine],
        ["organization", request.getOrganization()],
        ["project", request.getProject()],
        ["stack", request.getStack()],
        ["pwd", request.getPwd()],
        ["parallel", request.getParallel()],
        ["root-directory", info?.getRootDirectory()],
    ];
    return [
        ...options.nodeArguments,
        entryPoint,
        ...named.flatMap(([name, value]) => (value ? [`--${name}`, String(value)] : [])),
        ...(request.getDryrun() ? ["--dry-run"] : []),
        info?.getEntryPoint() || request.getProgram() || ".",
        ...request.getArgsList(),
    ];
}

/** Runs the Pulumi program to its end. */
export async function runProgram(request: RunRequest, engine: string, children: Children): Promise<RunResponse> {
    const options = runtimeOptions(request.getInfo());
    const directory = request.getInfo()?.getProgramDirectory() || request.getPwd();
    const entryPoint = resolveEntryPoint("run", directory);
    const { exit } = children.spawn(process.execPath, runArguments(request, engine, entryPoint, options), {
        cwd: request.getPwd() || directory,
        env: {
            ...process.env,
            ...optionsEnvironment(options),
            PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toArray())),
            PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
        },
        stdio: ["ignore", "inherit", "inherit"],
    });
    const status = await exit;
    const response = new RunResponse();
    if ("signal" in status) response.setError(`The program was ended by ${status.signal}.`);
    else if (status.code === FAILED_AND_REPORTED) response.setBail(true);
    else if (status.code !== 0) response.setError(`The program ended with exit code ${status.code}.`);
    return response;
}
