import { UserError } from "../../../tools/errors";
import type { KindClusterConfig } from "../../config/cluster";
import { freeInotifyInstances, freeMemory, usedPorts } from "../embedded/machine";
import type { Problem } from "../embedded/preflight";
import { findPrograms, isAtLeast, oldestKind, type ProgramFacts, type Runtime } from "./runtime";

/** What matters of a machine for a kind cluster. */
export interface KindMachineFacts extends ProgramFacts {
    /** The wanted ports that cannot be opened. */
    usedPorts: { port: number; owner?: string }[];
    /** In bytes; undefined where this system does not tell. */
    freeMemory?: number;
    /** How many more inotify instances a user may have. */
    freeInotifyInstances: number;
}

/** Free memory for a cluster of so many nodes with the whole platform, in bytes. Measured: 3.2 GiB with three nodes. */
export const neededMemory = (nodes: number) => (3 + 0.5 * (nodes - 1)) * 2 ** 30;

/** inotify instances that the nodes' own programs need. Measured: 21 the first node, 13 each further one. */
const neededInotifyInstances = (nodes: number) => 24 + 15 * (nodes - 1);

const elsewhere = 'on Linux, "kind: embedded" for the cluster in the stack\'s configuration needs neither';

/** What keeps the programs from making, or reaching, any kind cluster. */
export function programProblems({ runtime, kind }: ProgramFacts, wanted?: Runtime): Problem[] {
    const problems: Problem[] = [];
    if (runtime === undefined)
        problems.push({
            problem: wanted
                ? `${wanted}, which cluster.runtime names, is not on PATH.`
                : "Neither docker nor podman is on PATH.",
            remedy: `Install Docker (https://docs.docker.com/engine/install) or Podman (https://podman.io/docs/installation); ${elsewhere}.`,
        });
    else if (runtime.silent !== undefined)
        problems.push({
            problem: `${runtime.name} is installed, but its service does not answer: ${runtime.silent}`,
            remedy: /permission denied/i.test(runtime.silent)
                ? `Let this user use it (for Docker: the group docker), or run it with sudo.`
                : `Start it: systemctl start ${runtime.name}, or its desktop program.`,
        });
    if (kind === undefined)
        problems.push({
            problem: "kind is not on PATH.",
            remedy: `Install it (https://kind.sigs.k8s.io/docs/user/quick-start), for example: go install sigs.k8s.io/kind@latest; ${elsewhere}.`,
        });
    else if (!isAtLeast(kind, oldestKind))
        problems.push({
            problem: `kind ${kind} is too old.`,
            remedy: `Install ${oldestKind} or newer: https://kind.sigs.k8s.io/docs/user/quick-start`,
        });
    return problems;
}

/** Everything that keeps a new cluster from being made on a machine, all at once. */
export function problemsOf(
    facts: KindMachineFacts,
    { name, nodes, runtime }: Pick<KindClusterConfig, "name" | "nodes" | "runtime">,
): Problem[] {
    const problems = programProblems(facts, runtime);
    for (const { port, owner } of facts.usedPorts)
        problems.push({
            problem: `Port ${port} of 127.0.0.1 is in use${owner ? ` by ${owner}` : ""}.`,
            remedy: `End that program, or change hostPorts of the cluster ${name} in the stack's configuration ([] opens none).`,
        });
    if (facts.freeMemory !== undefined && facts.freeMemory < neededMemory(nodes.length))
        problems.push({
            problem: `Only ${gib(facts.freeMemory)} GiB of memory are free; ${gib(neededMemory(nodes.length))} GiB are needed.`,
            remedy: "End other programs or clusters, or declare fewer nodes.",
        });
    if (facts.freeInotifyInstances < neededInotifyInstances(nodes.length))
        problems.push({
            problem: `Only ${Math.max(0, facts.freeInotifyInstances)} inotify instances are free; ${neededInotifyInstances(nodes.length)} are needed.`,
            remedy: "Raise the limit: sysctl -w fs.inotify.max_user_instances=1024",
        });
    return problems;
}

/**
 * Checks that the programs are there and answer.
 * @returns The runtime.
 * @throws UserError (exit code 2) naming all that is missing.
 */
export async function checkPrograms(
    name: string,
    wanted: Runtime | undefined,
    env: NodeJS.ProcessEnv = process.env,
): Promise<Runtime> {
    const facts = await findPrograms(wanted, env);
    refuse(name, programProblems(facts, wanted));
    return facts.runtime!.name;
}

/**
 * Checks that this machine can run a new cluster.
 * @throws UserError (exit code 2) naming all problems at once.
 */
export async function checkKindMachine(
    request: Pick<KindClusterConfig, "name" | "nodes" | "hostPorts" | "runtime">,
    env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
    const [programs, ports] = await Promise.all([
        findPrograms(request.runtime, env),
        usedPorts(request.hostPorts.map(({ hostPort }) => hostPort)),
    ]);
    const facts = {
        ...programs,
        usedPorts: ports,
        freeMemory: freeMemory(),
        freeInotifyInstances: freeInotifyInstances(),
    };
    refuse(request.name, problemsOf(facts, request));
}

function refuse(name: string, problems: readonly Problem[]): void {
    if (problems.length === 0) return;
    const list = problems.map(({ problem, remedy }) => `  - ${problem}\n    ${remedy}`).join("\n");
    throw new UserError(`This machine cannot run the kind cluster ${name}:\n${list}`, 2);
}

const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
