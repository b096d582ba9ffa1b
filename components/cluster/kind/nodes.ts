import { z } from "zod";
import { UserError } from "../../../tools/errors";
import { runProgram } from "./programs";
import { kindEnvironment, type Runtime } from "./runtime";

/** A node's container as the runtime knows it. */
export interface NodeContainer {
    name: string;
    /** Tells it from a later one of the same name. */
    id: string;
    running: boolean;
    /** Address in the containers' network: reachable from this machine on Linux alone. */
    address: string;
    hasControlPlane: boolean;
    /** Ports of 127.0.0.1 and the node's ports that they lead to. */
    ports: { hostPort: number; nodePort: number }[];
}

/** What `docker inspect` and `podman inspect` print, as far as it matters here. */
const inspected = z.array(
    z.object({
        Id: z.string(),
        Name: z.string(),
        State: z.object({ Running: z.boolean() }),
        Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }),
        NetworkSettings: z.object({
            Networks: z.record(z.string(), z.object({ IPAddress: z.string().nullish() })).nullish(),
            Ports: z
                .record(z.string(), z.array(z.object({ HostIp: z.string(), HostPort: z.string() })).nullable())
                .nullish(),
        }),
    }),
);

const roleLabel = "io.x-k8s.kind.role";

/** The node of the control plane comes first, then the others by name. */
export function readNodes(text: string): NodeContainer[] {
    const containers = inspected.parse(JSON.parse(text)).map(({ Id, Name, State, Config, NetworkSettings }) => ({
        name: Name.replace(/^\//, ""),
        id: Id,
        running: State.Running,
        address:
            Object.values(NetworkSettings.Networks ?? {})
                .map(({ IPAddress }) => IPAddress)
                .find(Boolean) ?? "",
        hasControlPlane: Config.Labels?.[roleLabel] === "control-plane",
        ports: Object.entries(NetworkSettings.Ports ?? {}).flatMap(([port, bindings]) =>
            (bindings ?? []).map(({ HostPort }) => ({
                hostPort: Number(HostPort),
                nodePort: Number(port.split("/")[0]),
            })),
        ),
    }));
    return containers.sort(
        (a, b) => Number(b.hasControlPlane) - Number(a.hasControlPlane) || a.name.localeCompare(b.name),
    );
}

/** The nodes of the cluster with a name, whoever has made it; none where there is no such cluster. */
export async function nodesOf(
    name: string,
    runtime: Runtime,
    env: NodeJS.ProcessEnv = process.env,
): Promise<NodeContainer[]> {
    const ask = async (program: string, args: readonly string[]) => {
        const { code, stdout, stderr } = await runProgram(program, args, { env: kindEnvironment(runtime, env) });
        if (code !== 0) throw new UserError(`${program} ${args[0]} failed: ${stderr.trim()}`);
        return stdout;
    };
    const names = (await ask("kind", ["get", "nodes", "--name", name])).split("\n").filter(Boolean);
    return names.length === 0 ? [] : readNodes(await ask(runtime, ["inspect", "--type", "container", ...names]));
}

/** Zone of each node, as the API server has it. */
export async function zonesOf(
    nodes: readonly NodeContainer[],
    runtime: Runtime,
    env: NodeJS.ProcessEnv = process.env,
): Promise<string[]> {
    const list = await kubectl(nodes, runtime, ["get", "nodes", "-o", "json"], { env });
    if (list.code !== 0) throw new UserError(`The nodes' zones cannot be read: ${list.stderr.trim()}`);
    return nodeList
        .parse(JSON.parse(list.stdout))
        .items.map(({ metadata }) => metadata.labels["topology.kubernetes.io/zone"] ?? "");
}

const nodeList = z.object({
    items: z.array(z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }) })),
});

/** Runs the kubectl of the control plane's node: this machine may have none. */
export function kubectl(
    nodes: readonly NodeContainer[],
    runtime: Runtime,
    args: readonly string[],
    options: { env?: NodeJS.ProcessEnv; signal?: AbortSignal; timeout?: number } = {},
) {
    const node = nodes.find(({ hasControlPlane }) => hasControlPlane)?.name ?? "";
    return runProgram(
        runtime,
        ["exec", node, "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", ...args],
        options,
    );
}
