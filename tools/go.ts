import { existsSync, mkdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { cacheDirectory, goModuleDirectory } from "./cache";
import { GoTool, linkerFlags } from "./catalog";
import { UserError } from "./errors";
import { GoProgress } from "./go-progress";
import { ProcessFailure, run } from "./run";
import { Versions, versions } from "./versions";

/** What all steps of making a toolchain share. */
export interface StepContext {
    /** Shows a line of progress. */
    onProgress(line: string): void;
    signal?: AbortSignal;
    /** File that gets the output of the programs that are run. */
    log: string;
}

/** Go's caches inside the project's cache; proxy, checksum database and flags stay as the user has set them. */
export function goEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
    const directory = join(cacheDirectory(env), "go");
    return {
        ...env,
        GOCACHE: join(directory, "build"),
        GOMODCACHE: join(directory, "mod"),
        GOWORK: "off",
        CGO_ENABLED: "0",
    };
}

/** Where `go build` puts the programs: kept between builds, so that Go relinks only what has changed. */
export function goOutputDirectory(): string {
    return join(cacheDirectory(), "go", "bin");
}

/** The file that `go build` makes of a package: named after the last part of its path that is not a major version. */
export function goOutput(tool: GoTool): string {
    const parts = tool.package.split("/");
    const name = /^v\d+$/.test(parts.at(-1)!) ? parts.at(-2)! : parts.at(-1)!;
    return join(goOutputDirectory(), name);
}

/**
 * Builds programs with one `go build` a module, so that packages that several of them share are compiled once.
 *
 * An interrupted build loses nothing but what was being compiled: Go's cache keeps each finished package.
 *
 * @throws UserError when Go is missing or too old, when a module cannot be had, or when compiling fails.
 */
export async function buildGoTools(tools: readonly GoTool[], context: StepContext): Promise<void> {
    if (tools.length === 0) return;
    await requireGo(goEnvironment(), versions());
    mkdirSync(goOutputDirectory(), { recursive: true });
    for (const [module, own] of byModule(tools)) await buildModule(module, own, context);
}

/** The programs by the folder of their module. */
export function byModule(tools: readonly GoTool[]): Map<string, GoTool[]> {
    const groups = new Map<string, GoTool[]>();
    for (const tool of tools) {
        const { module = goModuleDirectory } = tool;
        groups.set(module, [...(groups.get(module) ?? []), tool]);
    }
    return groups;
}

async function buildModule(module: string, tools: readonly GoTool[], context: StepContext): Promise<void> {
    const where = { cwd: module, env: goEnvironment() };
    const packages = tools.map((tool) => tool.package);
    const flags = buildFlags(tools);
    try {
        const missing = await countMissing([...tagsOf(tools), ...packages], where, context);
        const progress = new GoProgress(missing, tools.length, availableParallelism());
        await build(
            ["build", "-v", ...flags, "-o", `${goOutputDirectory()}/`, ...packages],
            tools,
            where,
            progress,
            context,
        );
    } catch (error) {
        throw error instanceof ProcessFailure ? explain(error, context.log) : error;
    }
}

/** Flags of `go build` for the programs of one module. */
export function buildFlags(tools: readonly GoTool[]): string[] {
    const stamps = [...new Set(tools.flatMap(({ stamps = [] }) => stamps))];
    const linker = [linkerFlags(versions()), ...stamps.map((stamp) => `-X ${stamp}`)].join(" ");
    return ["-trimpath", "-ldflags", linker, ...tagsOf(tools)];
}

function tagsOf(tools: readonly GoTool[]): string[] {
    const tags = [...new Set(tools.flatMap(({ tags = [] }) => tags))];
    return tags.length > 0 ? ["-tags", tags.join(",")] : [];
}

/** Where `go` runs: the folder of a module, and Go's settings. */
interface Workplace {
    cwd: string;
    env: NodeJS.ProcessEnv;
}

async function build(
    args: string[],
    tools: readonly GoTool[],
    where: Workplace,
    progress: GoProgress,
    context: StepContext,
): Promise<void> {
    const begin = Date.now();
    const show = () => {
        progress.links(tools.filter((tool) => isNewerThan(goOutput(tool), begin)).length);
        context.onProgress(`building ${summary(tools)}: ${progress.describe((Date.now() - begin) / 1000)}`);
    };
    const timer = setInterval(show, 1_000);
    try {
        await run("go", args, {
            ...where,
            log: context.log,
            signal: context.signal,
            onLine: (line) => progress.line(line),
        });
    } finally {
        clearInterval(timer);
    }
}

function summary(tools: readonly GoTool[]): string {
    const names = tools.map((tool) => tool.name);
    return names.length <= 3 ? names.join(", ") : `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`;
}

function isNewerThan(file: string, time: number): boolean {
    return existsSync(file) && statSync(file).mtimeMs >= time;
}

/** Number of packages that must be compiled because Go's cache does not have them. Downloads the modules on the way. */
async function countMissing(packages: string[], where: Workplace, context: StepContext): Promise<number> {
    let downloads = 0;
    context.onProgress("looking for what has to be compiled");
    const listed = await run("go", ["list", "-trimpath", "-deps", "-f", "{{.Stale}} {{.StaleReason}}", ...packages], {
        ...where,
        signal: context.signal,
        onLine: (line) => {
            if (line.startsWith("go: downloading")) context.onProgress(`downloading modules: ${++downloads}`);
        },
    });
    return countStale(listed);
}

/** Counts the lines of `go list`'s answer that stand for a package which is neither standing nor in Go's cache. */
export function countStale(listed: string): number {
    return listed.split("\n").filter((line) => line.startsWith("true") && !line.includes("available in build cache"))
        .length;
}

/** The module's directory, for files that are used as they are. */
export async function goModuleFolder(module: string, context: StepContext): Promise<string> {
    const env = goEnvironment();
    const options = { cwd: goModuleDirectory, env, signal: context.signal, log: context.log };
    try {
        await run("go", ["mod", "download", module], options);
        return (await run("go", ["list", "-m", "-f", "{{.Dir}}", module], options)).trim();
    } catch (error) {
        throw error instanceof ProcessFailure ? explain(error, context.log) : error;
    }
}

/** Version of the Go that builds, for example `go1.26.1`. */
export async function goVersion(env: NodeJS.ProcessEnv = goEnvironment()): Promise<string> {
    return (await run("go", ["env", "GOVERSION"], { env, cwd: goModuleDirectory })).trim();
}

async function requireGo(env: NodeJS.ProcessEnv, { go }: Versions): Promise<void> {
    const advice =
        `Install Go ${go} or later from https://go.dev/dl/ (or your distribution's package), see that "go version" finds it, and ` +
        `run the command again. Without Go: npm run tools -- pack on a machine that has it, npm run tools -- unpack here.`;
    let found: string;
    try {
        found = await goVersion(env);
    } catch (error) {
        const reason = error instanceof ProcessFailure && error.tail.length > 0 ? `\n${error.message}` : "";
        throw new UserError(
            `The tools are built with Go ${go} or later, and "go" is not usable on this machine.${reason}\n${advice}`,
        );
    }
    if (!isAtLeast(found, go))
        throw new UserError(`The tools are built with Go ${go} or later, and this machine has ${found}.\n${advice}`);
}

/** Whether a Go release is at least another: `go1.26.8` is at least `1.26`. A development version counts as the newest. */
export function isAtLeast(found: string, wanted: string): boolean {
    const match = /^go(\d+)\.(\d+)(?:\.(\d+))?/.exec(found);
    if (!match) return true;
    const have = match.slice(1).map((part) => Number(part ?? 0));
    const need = wanted.split(".").map(Number);
    for (const [index, part] of have.entries()) {
        const other = need[index] ?? 0;
        if (part !== other) return part > other;
    }
    return true;
}

/** Turns the output of a failed `go` into what is wrong and what to do. */
export function explain(failure: ProcessFailure, log: string): UserError {
    const text = failure.tail.join("\n");
    const module = /(?:^|\s)((?:[\w.-]+\/)+[\w.~-]+@v[\w.+-]+)/m.exec(text)?.[1];
    const about = module === undefined ? "a module" : `the module ${module}`;
    const shown = `${failure.message}\nThe whole output is in ${log}.`;
    if (/no space left on device/.test(text))
        return new UserError(
            `The disk is full.\n${shown}\nFree some space (npm run tools -- clean), then run the command again.`,
        );
    if (/(403|404|410|451) |not available|Forbidden|Not Found/.test(text))
        return new UserError(
            `The Go module proxy refuses ${about}.\n${shown}\nThat is final for this version. Set GOPROXY to a proxy that has it, ` +
                `or take an archive made by "npm run tools -- pack" elsewhere.`,
        );
    if (/checksum mismatch|SECURITY ERROR/.test(text))
        return new UserError(
            `The content of ${about} is not what go.sum pins.\n${shown}\nDo not turn the check off: find out which proxy or ` +
                `cache altered it.`,
        );
    if (/dial tcp|no such host|i\/o timeout|connection refused|TLS handshake|network is unreachable|EOF$/m.test(text))
        return new UserError(
            `The Go module proxy cannot be reached for ${about}.\n${shown}\nCheck the network and GOPROXY (go env GOPROXY), then ` +
                `run the command again: it continues where it stopped.`,
        );
    return new UserError(`Building the tools with go failed.\n${shown}`);
}
