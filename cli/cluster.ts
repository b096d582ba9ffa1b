import { Command, InvalidArgumentError, Option } from "commander";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { z } from "zod";
import {
    ClusterRequest,
    destroyCluster,
    ensureCluster,
    loadImage,
    stopCluster,
    tail,
} from "../components/cluster/embedded/control";
import { clusterPaths, nodeLogs } from "../components/cluster/embedded/paths";
import { clusterNames, isRunning, nodeAddress, readStatus } from "../components/cluster/embedded/status";
import { embeddedCluster } from "../components/config/cluster";
import { hashOfFile } from "../tools/hash";
import { UserError } from "../tools/errors";
import { reportAndExit } from "./errors";
import { internalKindCommand } from "./kind-cluster";
import { withProgress } from "./progress";

/** `npm run cluster`: looks at and controls embedded clusters, the same ones that `npm start` uses. */
export function clusterCommand(): Command {
    const command = new Command("cluster").description("look at and control embedded clusters");
    named(command.command("up"))
        .description("start a cluster, or make the running one as asked")
        .option("--zones <zones>", "zone of each node, separated by commas", "zone-a")
        .option("--host-ports <ports>", "ports of 127.0.0.1 and the NodePorts they lead to: 8080:30000,8443:30005", "")
        .action(up);
    named(command.command("status"))
        .description("say what runs, since when, and what went wrong")
        .option("--json", "as JSON")
        .action(status);
    command.command("list").description("list the clusters of this clone").action(list);
    named(command.command("stop")).description("stop a cluster; its data stay").action(stop);
    named(command.command("destroy")).description("stop a cluster and remove all of it").action(destroy);
    named(command.command("logs"))
        .description("print the end of a log")
        .argument("[component]", "kubelet, kube-apiserver, containerd ...; default: the supervisor")
        .option("--node <name>", "node of the component; default: the first one")
        .option("--lines <count>", "how many lines", "100")
        .action(logs);
    named(command.command("kubeconfig"))
        .description("print the administrator's kubeconfig")
        .option("--path", "print only where it is")
        .action(kubeconfig);
    named(command.command("load-image"))
        .description("bring an image archive to every node")
        .argument("<name>", "the image's full name, as in the archive")
        .argument("<archive>", "docker-archive or OCI archive")
        .action(load);
    command.addCommand(internalCommand(), { hidden: true });
    command.addCommand(internalKindCommand(), { hidden: true });
    return command;
}

interface Named {
    name: string;
}

function named(command: Command): Command {
    const parse = (value: string) => {
        const { success } = embeddedCluster.shape.name.safeParse(value);
        if (!success) throw new InvalidArgumentError("A name has at most 20 letters, digits and hyphens.");
        return value;
    };
    return command.addOption(new Option("--name <name>", "name of the cluster").default("local").argParser(parse));
}

async function up(options: Named & { zones: string; hostPorts: string }): Promise<void> {
    const request = embeddedCluster.safeParse({
        kind: "embedded",
        name: options.name,
        nodes: options.zones.split(",").map((zone) => ({ zone })),
        hostPorts: options.hostPorts
            .split(",")
            .filter(Boolean)
            .map((pair) => pair.split(":").map(Number))
            .map(([hostPort, nodePort]) => ({ hostPort, nodePort: nodePort ?? hostPort })),
    });
    if (!request.success) throw new UserError(z.prettifyError(request.error), 2);
    const ready = await withProgress((control) => ensureCluster(request.data, control));
    console.log(
        `The cluster ${ready.name} runs: NodePorts answer on ${nodeAddress(ready)}\n` +
            `export KUBECONFIG=${clusterPaths(ready.name).kubeconfig}`,
    );
}

function status({ name, json }: Named & { json?: boolean }): void {
    const current = readStatus(name);
    if (json) console.log(JSON.stringify(current, undefined, 4));
    else {
        console.log(`${name}: ${current.phase}${current.reason ? ` (${current.reason})` : ""}`);
        if (current.pid) {
            console.log(`  since ${current.started}, process ${current.pid}, interface ${current.interface}`);
            for (const { hostPort, nodePort } of current.hostPorts)
                console.log(`  127.0.0.1:${hostPort} leads to NodePort ${nodePort}`);
        }
        for (const node of current.pid ? current.nodes : []) {
            console.log(`  node ${node.name}, ${node.zone}, ${node.address}`);
            for (const part of node.components) {
                const restarts = part.restarts > 0 ? `, restarted ${part.restarts} times, last: ${part.lastExit}` : "";
                console.log(`    ${part.name}: ${part.state}${restarts}`);
            }
        }
        for (const { time, node, message } of current.events) console.log(`  ${time} ${node ?? ""} ${message}`);
    }
    if (!isRunning(current)) process.exitCode = 1;
}

function list(): void {
    for (const name of clusterNames()) {
        const { phase, nodes } = readStatus(name);
        const zones = nodes.map(({ zone }) => zone).join(", ");
        console.log(`${name.padEnd(21)}${phase.padEnd(10)}${zones.padEnd(24)}${clusterPaths(name).directory}`);
    }
}

async function stop({ name }: Named): Promise<void> {
    await withProgress((control) => stopCluster(name, control));
}

async function destroy({ name }: Named): Promise<void> {
    await withProgress((control) => destroyCluster(name, control));
}

function logs(component: string | undefined, options: Named & { node?: string; lines: string }): void {
    const directory = nodeLogs(options.name, options.node ?? options.name);
    const file = component === undefined ? clusterPaths(options.name).log : join(directory, `${component}.log`);
    if (!existsSync(file))
        throw new UserError(`There is no ${file}. Components: see npm run cluster -- status --name ${options.name}`);
    console.log(tail(file, Number(options.lines) || 100));
}

function kubeconfig({ name, path }: Named & { path?: boolean }): void {
    const file = clusterPaths(name).kubeconfig;
    if (!existsSync(file)) throw new UserError(`There is no cluster ${name}. See: npm run cluster -- list`);
    console.log(path ? file : readFileSync(file, "utf8").trimEnd());
}

async function load(image: string, archive: string, { name }: Named): Promise<void> {
    const file = resolve(archive);
    if (!existsSync(file)) throw new UserError(`There is no file ${file}.`, 2);
    const digest = `sha256:${await hashOfFile(file)}`;
    await withProgress((control) => loadImage(name, { name: image, archive: file, digest }, control));
}

/** The commands that the Pulumi resource of an embedded cluster calls: JSON in, JSON out. */
function internalCommand(): Command {
    const command = new Command("internal");
    const json = (name: string, action: (input: unknown) => Promise<unknown>) =>
        command
            .command(name)
            .action(async () => console.log(JSON.stringify(await action(JSON.parse(await readAll(process.stdin))))));
    json("apply", async (input) => {
        const request = applyInput.parse(input);
        const images = request.images.map(({ name }) => name);
        const ready = await withProgress((control) => ensureCluster({ ...request, images } as ClusterRequest, control));
        const kubeconfigPath = clusterPaths(ready.name).kubeconfig;
        return { kubeconfig: readFileSync(kubeconfigPath, "utf8"), kubeconfigPath, address: nodeAddress(ready) };
    });
    json("probe", async (input) => {
        const current = readStatus(nameInput.parse(input).name);
        return Promise.resolve({ running: isRunning(current), exists: current.phase !== "absent" });
    });
    json("remove", async (input) => {
        await destroyCluster(nameInput.parse(input).name);
        return {};
    });
    return command;
}

const nameInput = z.object({ name: embeddedCluster.shape.name });
const applyInput = embeddedCluster
    .pick({ name: true, nodes: true, hostPorts: true, networkPolicies: true })
    .extend({ images: z.array(z.object({ name: z.string() })) })
    .loose();

if (require.main === module) clusterCommand().parseAsync().catch(reportAndExit);
