import * as pulumi from "@pulumi/pulumi";

/** What the resource of a kind cluster is made from. What kind can only set when it makes a cluster makes another one. */
export interface KindNodesArgs {
    /** Folder of the project: its command line controls the cluster. */
    projectDirectory: pulumi.Input<string>;
    name: pulumi.Input<string>;
    nodes: pulumi.Input<{ zone: string }[]>;
    hostPorts: pulumi.Input<{ hostPort: number; nodePort: number }[]>;
    runtime?: pulumi.Input<string>;
    nodeImage?: pulumi.Input<string>;
    registryMirrors: pulumi.Input<Record<string, string[]>>;
    adopt: pulumi.Input<boolean>;
    /** Images to load; the digest tells one build of an image from another. */
    images: pulumi.Input<{ name: string; digest: string }[]>;
}

/** What a running cluster tells. */
interface Outputs {
    kubeconfig: string;
    kubeconfigPath: string;
    address: string;
}

type State = pulumi.Unwrap<KindNodesArgs> & Outputs;

/**
 * Controls the cluster through the command line, so that a Pulumi program, a person and a test all do the same.
 * Pulumi stores this object's source in the state: it uses nothing from outside its methods.
 */
export const kindNodesProvider: pulumi.dynamic.ResourceProvider<pulumi.Unwrap<KindNodesArgs>, State> = {
    async create(inputs) {
        const outputs = await cli<Outputs>(inputs.projectDirectory, "apply", inputs);
        return { id: inputs.name, outs: { ...inputs, ...outputs } };
    },
    async update(_id, _olds, news) {
        return { outs: { ...news, ...(await cli<Outputs>(news.projectDirectory, "apply", news)) } };
    },
    async delete(_id, state) {
        await cli(state.projectDirectory, "remove", { name: state.name });
    },
    async diff(_id, olds, news) {
        const differ = (key: keyof typeof news) => JSON.stringify(olds[key]) !== JSON.stringify(news[key]);
        const replaces = (["name", "nodes", "hostPorts", "runtime", "nodeImage"] as const).filter(differ);
        const updates = (["registryMirrors", "adopt", "images"] as const).filter(differ);
        const { running, exists } = await cli<{ running: boolean; exists: boolean }>(news.projectDirectory, "probe", {
            name: olds.name,
        });
        if (!exists)
            throw new Error(
                `The kind cluster ${olds.name} has been removed, but this stack still has resources on it. ` +
                    "Remove the stack's resources, too (npm run destroy), then start again.",
            );
        return {
            changes: replaces.length + updates.length > 0 || !running,
            replaces,
            deleteBeforeReplace: true,
            stables: replaces.length > 0 ? [] : ["kubeconfigPath"],
        };
    },
};

/** Runs a command of `cluster internal-kind` with JSON on its standard input; its answer is JSON too. */
function cli<T>(projectDirectory: string, command: string, input: unknown): Promise<T> {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- this function is stored with the provider
    const { spawn } = require("child_process") as typeof import("node:child_process");
    return new Promise((resolve, reject) => {
        const child = spawn(process.execPath, ["bin/run.mjs", "cluster", "internal-kind", command], {
            cwd: projectDirectory,
        });
        let output = "";
        let errors = "";
        child.stdout.on("data", (data) => (output += String(data)));
        child.stderr.on("data", (data) => (errors += String(data)));
        child.on("error", reject);
        child.on("close", (code) => {
            if (code === 0) resolve(JSON.parse(output || "null") as T);
            else reject(new Error(errors.trim() || `kind cluster ${command} failed with exit code ${code}`));
        });
        child.stdin.end(JSON.stringify(input));
    });
}

/** The nodes of a kind cluster as a resource: `pulumi up` makes them, `pulumi destroy` removes them. */
export class KindNodes extends pulumi.dynamic.Resource {
    /** Cluster administrator's kubeconfig: secret. */
    declare public readonly kubeconfig: pulumi.Output<string>;
    /** The same as a file of this machine. */
    declare public readonly kubeconfigPath: pulumi.Output<string>;
    /** Address of the first node in the containers' network. */
    declare public readonly address: pulumi.Output<string>;

    constructor(name: string, args: KindNodesArgs, opts?: pulumi.CustomResourceOptions) {
        super(
            kindNodesProvider,
            name,
            { ...args, kubeconfig: undefined, kubeconfigPath: undefined, address: undefined },
            pulumi.mergeOptions({ additionalSecretOutputs: ["kubeconfig"] }, opts ?? {}),
            "kind",
            "Nodes",
        );
    }
}
