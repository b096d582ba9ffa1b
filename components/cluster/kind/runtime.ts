import { which, versionIn } from "../../../tools/path-tools";
import type { KindClusterConfig } from "../../config/cluster";
import { runProgram } from "./programs";

/** What runs the nodes' containers. */
export type Runtime = NonNullable<KindClusterConfig["runtime"]>;

/** The runtimes in the order in which they are looked for. */
export const runtimes: readonly Runtime[] = ["docker", "podman"];

/** What is there of the programs that a kind cluster needs. */
export interface ProgramFacts {
    /** The runtime that is wanted, or else the first that answers, or else the first that is installed. */
    runtime?: {
        name: Runtime;
        /** Why it does not answer, where it does not: what it says itself. */
        silent?: string;
    };
    /** Version of kind; undefined where it is not installed. */
    kind?: string;
}

/** The oldest kind that is used here: from it on nodes get the labels that their configuration names, and are restarted whole. */
export const oldestKind = "0.20.0";

/** A command of each runtime that succeeds only where its service answers, and else says why not. */
const asksService: Readonly<Record<Runtime, string>> = { docker: "version", podman: "info" };

/** How long a program may take to say that it is there, in milliseconds. */
const patience = 20_000;

/** Looks for kind and for what runs its nodes. */
export async function findPrograms(
    wanted: Runtime | undefined,
    env: NodeJS.ProcessEnv = process.env,
): Promise<ProgramFacts> {
    const candidates = wanted ? [wanted] : runtimes;
    const [kind, ...found] = await Promise.all([kindVersion(env), ...candidates.map((name) => probe(name, env))]);
    const installed = found.filter((one) => one !== undefined);
    return { runtime: installed.find(({ silent }) => silent === undefined) ?? installed[0], kind };
}

/** The variables that make kind use a runtime. */
export function kindEnvironment(runtime: Runtime, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
    return { ...env, KIND_EXPERIMENTAL_PROVIDER: runtime };
}

/** Whether a version is another one's or a later one. */
export function isAtLeast(version: string, oldest: string): boolean {
    const numbers = (text: string) => text.split(".").map((part) => parseInt(part, 10));
    const [found, needed] = [numbers(version), numbers(oldest)];
    const first = needed.findIndex((number, index) => found[index] !== number);
    return first < 0 || found[first]! > needed[first]!;
}

async function kindVersion(env: NodeJS.ProcessEnv): Promise<string | undefined> {
    if ((await which("kind", env)) === undefined) return undefined;
    const { stdout } = await runProgram("kind", ["version"], { env, timeout: patience });
    return versionIn(stdout) ?? "0.0.0";
}

async function probe(name: Runtime, env: NodeJS.ProcessEnv): Promise<ProgramFacts["runtime"]> {
    if ((await which(name, env)) === undefined) return undefined;
    const { code, stderr } = await runProgram(name, [asksService[name]], { env, timeout: patience });
    if (code === 0) return { name };
    const said = stderr.trim().split("\n").at(-1);
    return { name, silent: said || `no answer within ${patience / 1000} s` };
}
