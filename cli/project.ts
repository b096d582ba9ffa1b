import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import type { ToolGroup } from "../tools/catalog";
import { UserError } from "../tools/errors";

/** Folder of the project: where Pulumi.yaml lies. */
export const projectDirectory = dirname(__dirname);

/** Folder for what belongs to this clone and is not committed: clusters, Pulumi state, verification targets. */
export const localDirectory = join(projectDirectory, ".local");

/** The stacks that have a configuration file, by name. */
export function stackNames(): string[] {
    return readdirSync(projectDirectory)
        .map((file) => /^Pulumi\.([\w-]+)\.yaml$/.exec(file)?.[1])
        .filter((name) => name !== undefined)
        .sort();
}

/** A stack to work on: its name and its configuration file. */
export interface Stack {
    name: string;
    configFile: string;
}

/**
 * The stack that `--stack` and `--config-file` name.
 * @throws UserError when there is no configuration file for it.
 */
export function findStack(options: { stack: string; configFile?: string }): Stack {
    const configFile = resolve(options.configFile ?? join(projectDirectory, `Pulumi.${options.stack}.yaml`));
    if (!/^[\w-]+$/.test(options.stack))
        throw new UserError(`--stack ${options.stack}: a stack's name has only letters, digits, - and _.`, 2);
    if (!existsSync(configFile))
        throw new UserError(
            `--stack ${options.stack}: there is no ${configFile}. Stacks with a configuration: ${stackNames().join(", ")}.`,
            2,
        );
    return { name: options.stack, configFile };
}

/** The kind of cluster that a stack's configuration names, read without validating the rest of it. */
export function clusterKindOf(stack: Stack): string | undefined {
    return (section(stack, "cluster") as { kind?: string } | undefined)?.kind;
}

/** What of the monitoring a stack's configuration asks for, as groups of tools, read without validating the rest of it. */
export function monitoringOf(stack: Stack): ToolGroup[] {
    const monitoring = section(stack, "monitoring") as { enabled?: boolean; tracing?: object } | undefined;
    if (monitoring?.enabled !== true) return [];
    return ["monitoring", ...(monitoring.tracing ? ["tracing" as const] : [])];
}

function section(stack: Stack, name: string): unknown {
    const document: unknown = parse(readFileSync(stack.configFile, "utf8"));
    const config = (document as { config?: Record<string, unknown> } | null)?.config ?? {};
    return config[`istio-platform:${name}`];
}
