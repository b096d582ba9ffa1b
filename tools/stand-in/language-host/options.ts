import { ProgramInfo } from "@pulumi/pulumi/proto/language_pb";
import { fromStruct } from "../common/struct";

/** The part of `runtime.options` in Pulumi.yaml (and PulumiPolicy.yaml) that this language host knows. */
export interface RuntimeOptions {
    /** `typescript: false` runs the program without ts-node. Default: true. */
    typescript: boolean;
    /** `tsconfig`: the compiler settings for ts-node. Default: tsconfig.json beside the program. */
    tsconfig?: string;
    /** `nodeargs`: arguments for node itself, separated by blanks. Default: none. */
    nodeArguments: string[];
    /** `packagemanager`: who installs dependencies. Default: npm. */
    packageManager: "npm" | "yarn" | "pnpm" | "bun";
}

const PACKAGE_MANAGERS: readonly string[] = ["npm", "yarn", "pnpm", "bun"];

/** Reads the runtime options of a program. @throws Error for an option with a wrong value. */
export function runtimeOptions(info: ProgramInfo | undefined): RuntimeOptions {
    const options = fromStruct(info?.getOptions());
    const { typescript, tsconfig, nodeargs, packagemanager } = options;
    if (typescript !== undefined && typeof typescript !== "boolean")
        throw new Error(`runtime option typescript: expected true or false, got ${JSON.stringify(typescript)}.`);
    if (tsconfig !== undefined && typeof tsconfig !== "string")
        throw new Error(`runtime option tsconfig: expected a path, got ${JSON.stringify(tsconfig)}.`);
    if (nodeargs !== undefined && typeof nodeargs !== "string")
        throw new Error(`runtime option nodeargs: expected a text, got ${JSON.stringify(nodeargs)}.`);
    if (packagemanager !== undefined && !PACKAGE_MANAGERS.includes(String(packagemanager)))
        throw new Error(`runtime option packagemanager: expected one of ${PACKAGE_MANAGERS.join(", ")}.`);
    return {
        typescript: typescript ?? true,
        tsconfig,
        nodeArguments: (nodeargs ?? "").split(/\s+/).filter(Boolean),
        packageManager: (packagemanager as RuntimeOptions["packageManager"] | undefined) ?? "npm",
    };
}

/** The environment variables by which @pulumi/pulumi's entry points take the runtime options. */
export function optionsEnvironment(options: RuntimeOptions): Record<string, string> {
    return {
        PULUMI_NODEJS_TYPESCRIPT: String(options.typescript),
        ...(options.tsconfig === undefined ? {} : { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
    };
}
