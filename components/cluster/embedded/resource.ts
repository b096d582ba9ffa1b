import * as pulumi from "@pulumi/pulumi";

/** What the resource of an embedded cluster is made from. A change of name or nodes makes another cluster. */
export interface EmbeddedNodesArgs {
    /** Folder of the project: its command line controls the cluster. */
    projectDirectory: pulumi.Input<string>;
    name: pulumi.Input<string>;
    nodes: pulumi.Input<{ zone: string }[]>;
    hostPorts: pulumi.Input<{ hostPort: number; nodePort: number }[]>;
    /** Whether the nodes enforce NetworkPolicies. */
    networkPolicies: pulumi.Input<boolean>;
    /** Images to import; the digest tells one build of an image from another. */
    images: pulumi.Input<{ name: string; digest: string }[]>;
    /** Key of the tools' lock files: other tools start the cluster again. */
    toolchain: pulumi.Input<string>;
}

/** What a running cluster tells. */
interface Outputs {
    kubeconfig: string;
    kubeconfigPath: string;
    address: string;
}

type State = pulumi.Unwrap<EmbeddedNodesArgs> & Outputs;

/**
 * Controls the cluster through the command line, so that a Pulumi program, a person and a test all do the same.
 * Pulumi stores this object's source in the state: it uses nothing from outside its methods.
 */
const provider: pulumi.dynamic.ResourceProvider<pulumi.Unwrap<EmbeddedNodesArgs>, State> = {
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
        const replaces = (["name", "nodes"] as const).filter(differ);
        const updates = (["hostPorts", "networkPolicies", "images", "toolchain"] as const).filter(differ);
        const { running, exists } = await cli<{ running: boolean; exists: boolean }>(news.projectDirectory, "probe", {
            name: olds.name,
        });
        if (!exists)
            throw new Error(
                `The cluster ${olds.name} has been removed, but this stack still has resources on it. ` +
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

/** Runs a command of `cluster internal` with JSON on its standard input; its answer is JSON too. */
function cli<T>(projectDirectory: string, command: string, input: unknown): Promise<T> {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- this function is stored with the provider
    const { spawn } = require("child_process") as typeof import("node:child_process");
    return new Promise((resolve, reject) => {
        const child = spawn(process.execPath, ["bin/run.mjs", "cluster", "internal", command], {
            cwd: projectDirectory,
        });
        let output = "";
        let errors = "";
        child.stdout.on("data", (data) => (output += String(data)));
        child.stderr.on("data", (data) => (errors += String(data)));
        child.on("error", reject);
        child.on("close", (code) => {
            if (code === 0) resolve(JSON.parse(output || "null") as T);
            else reject(new Error(errors.trim() || `cluster ${command} failed with exit code ${code}`));
        });
        child.stdin.end(JSON.stringify(input));
    });
}

/** The nodes of an embedded cluster as a resource: `pulumi up` starts them, `pulumi destroy` removes them. */
export class EmbeddedNodes extends pulumi.dynamic.Resource {
    /** Cluster administrator's kubeconfig: secret. */
    declare public readonly kubeconfig: pulumi.Output<string>;
    /** The same as a file of this machine. */
    declare public readonly kubeconfigPath: pulumi.Output<string>;
    /** Address of the first node, where NodePorts answer. */
    declare public readonly address: pulumi.Output<string>;

    constructor(name: string, args: EmbeddedNodesArgs, opts?: pulumi.CustomResourceOptions) {
        super(
            provider,
            name,
            { ...args, kubeconfig: undefined, kubeconfigPath: undefined, address: undefined },
            pulumi.mergeOptions({ additionalSecretOutputs: ["kubeconfig"] }, opts ?? {}),
            "embedded",
            "Nodes",
        );
    }
}
