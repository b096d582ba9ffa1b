import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { readFileSync } from "node:fs";
import Module from "node:module";
import { join } from "node:path";
import { parse } from "yaml";
import type { MeshConfig } from "../../components/config/mesh";
import type { Manifest } from "../../components/mesh/manifest";
import type { MeshImages } from "../../components/mesh/values";
import { awsAnswer, awsState } from "./aws";

/** Runs the whole program under Pulumi's mocks: no engine, no cluster, no network. */

const projectDirectory = join(__dirname, "..", "..");

/** A resource as the program registers it. */
export interface RegisteredResource {
    type: string;
    name: string;
    inputs: Record<string, unknown>;
    /** The provider that it goes to; undefined: the default one. */
    provider: string | undefined;
}

export interface ProgramRun {
    /** Every resource, in the order of registration. */
    resources: RegisteredResource[];
    /** The Kubernetes objects among them. */
    manifests: Manifest[];
    /** What the stack exports. */
    outputs: Record<string, unknown>;
}

export interface ProgramOptions {
    /** Name of the stack. Default: `local`. */
    stack?: string;
    /** Values under the project's name. Default: those of `Pulumi.<stack>.yaml`. */
    config?: Record<string, unknown>;
    /** Whether it is a preview. Default: true. */
    preview?: boolean;
    /** Images, as the cluster would resolve them. */
    images?: MeshImages & { sampleApp: string; requestFilter?: string; rateLimit?: string; redis?: string };
    /** Gets the list that the resources are added to: for runs that fail. */
    onResources?(resources: RegisteredResource[]): void;
    /** Istio's charts. Default: as rendered beforehand, since rendering needs istioctl and these tests only Node. */
    loadCharts?(config: MeshConfig, images: MeshImages): Promise<Manifest[] | undefined>;
}

const defaultImages = {
    hub: "docker.io/istio",
    tag: "1.29.1",
    proxyDistribution: "vanilla-envoy",
    sampleApp: "docker.io/library/istio-platform-sample-app:000000000000",
    requestFilter: "docker.io/library/istio-platform-request-filter:000000000000",
    rateLimit: "docker.io/library/istio-platform-rate-limit:000000000000",
    redis: "docker.io/library/istio-platform-redis:000000000000",
} as const;

/** What resources tell beside their inputs once they are there. */
const computed: Readonly<Record<string, object>> = {
    "pulumi-nodejs:dynamic/security:SigningKey": { privateKey: "KEY", jwks: "{}" },
    "pulumi-nodejs:dynamic/security:SelfSignedCertificate": { certificate: "PEM", privateKey: "KEY", validTo: "" },
};

/** The values under the project's name in `Pulumi.<stack>.yaml`, without that name. */
export function stackFileConfig(stack: string): Record<string, unknown> {
    return configOf(`Pulumi.${stack}.yaml`);
}

/** The same of any file of the project. */
export function configOf(path: string): Record<string, unknown> {
    const file = parse(readFileSync(join(projectDirectory, path), "utf8")) as { config: Record<string, unknown> };
    return Object.fromEntries(
        Object.entries(file.config).map(([key, value]) => [key.replace("istio-platform:", ""), value]),
    );
}

const stackRuns = new Map<string, Promise<ProgramRun>>();

/** A preview of a stack by its own file; run once for all tests, which must not change it. */
export function previewStack(stack: string): Promise<ProgramRun> {
    const run = stackRuns.get(stack) ?? runProgram({ stack });
    stackRuns.set(stack, run);
    return run;
}

/** Runs index.ts under mocks. A cluster that is no set of resources is a stand-in: its implementation has tests of its own. */
export async function runProgram(options: ProgramOptions = {}): Promise<ProgramRun> {
    const { stack = "local", preview = true, images = defaultImages, loadCharts = loadRenderedCharts } = options;
    const config = options.config ?? stackFileConfig(stack);
    const resources: RegisteredResource[] = [];
    options.onResources?.(resources);
    await pulumi.runtime.setMocks(
        {
            newResource({ type, name, inputs, custom, provider }) {
                resources.push({ type, name, inputs: withoutSecrets(inputs) as Record<string, unknown>, provider });
                const state = { ...(inputs as object), ...computed[type], ...awsState(type, name, inputs) };
                return { id: custom ? `${type}/${name}` : "", state };
            },
            call: ({ token, inputs }) => awsAnswer(token) ?? (inputs as object),
        },
        "istio-platform",
        stack,
        preview,
    );
    pulumi.runtime.setAllConfig(
        Object.fromEntries(
            Object.entries(config).map(([key, value]) => [
                `istio-platform:${key}`,
                typeof value === "string" ? value : JSON.stringify(value),
            ]),
        ),
    );
    const outputs = await withStandIns(
        {
            ...(!onAws(config) && { "cluster/cluster": { createCluster: fakeCluster } }),
            "cluster/images": {
                resolveImages: async () => ({ ...defaultImages, ...images, provenance: ["built here"] }),
            },
            "mesh/charts": { loadCharts },
        },
        async () => {
            const index = join(projectDirectory, "index.ts");
            delete require.cache[index];
            // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded anew for every run
            const program = require(index) as () => Promise<Record<string, unknown>>;
            const exported = await program();
            // Resolved only once every resource that they depend on is registered.
            return Object.fromEntries(
                await Promise.all(
                    Object.entries(exported).map(async ([key, value]) => [key, await resolved(value)] as const),
                ),
            );
        },
    );
    await settled(resources);
    return { resources, manifests: resources.flatMap(toManifest), outputs };
}

function resolved(value: unknown): Promise<unknown> {
    return new Promise((resolve) => pulumi.output(value as object).apply(resolve));
}

/** Waits until no more resource is registered: registration is asynchronous and has no end that a program could see. */
export async function settled(resources: readonly unknown[]): Promise<void> {
    for (let seen = -1; seen !== resources.length;) {
        seen = resources.length;
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
}

/** The key by which Pulumi marks a secret among values. */
const secretMark = "4dabf18193072939515e22adb298388d";

/** Inputs with the values of secrets in the place of Pulumi's marks. */
export function withoutSecrets(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(withoutSecrets);
    if (typeof value !== "object" || value === null) return value;
    // A resource that is an input itself: its name tells enough.
    if (pulumi.Resource.isInstance(value)) return (value as { __name?: string }).__name;
    if (secretMark in value && "value" in value) return withoutSecrets(value.value);
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutSecrets(one)]));
}

function toManifest({ type, inputs }: RegisteredResource): Manifest[] {
    const isObject = type.startsWith("kubernetes:") && !type.startsWith("kubernetes:helm.sh/");
    return isObject && "metadata" in inputs ? [inputs as unknown as Manifest] : [];
}

/** The cluster of EKS is resources all through. */
const onAws = (config: Record<string, unknown>) => (config["cluster"] as { kind?: string } | undefined)?.kind === "eks";

function fakeCluster() {
    const provider = new k8s.Provider("cluster", { kubeconfig: "{}" });
    return {
        provider,
        kubeconfig: pulumi.secret("{}"),
        kubeconfigPath: pulumi.output("/nowhere/kubeconfig"),
        gateway: pulumi.output({ address: "10.0.0.1", port: 32314 }),
        secureGateway: pulumi.output({ address: "10.0.0.1", port: 30005 }),
    };
}

async function loadRenderedCharts(config: MeshConfig): Promise<Manifest[] | undefined> {
    if (config.charts.source === "repository") return undefined;
    const file = join(projectDirectory, "components", "mesh", "rendered", "control-plane.json");
    const manifests = JSON.parse(readFileSync(file, "utf8")) as Manifest[];
    // The charts were rendered without the provider that the values would have added.
    if (config.ingressGateway.requestFilter) for (const manifest of manifests) addProvider(manifest, "request-filter");
    return manifests;
}

function addProvider({ kind, metadata, ...rest }: Manifest, name: string): void {
    const { data } = rest as { data?: { mesh?: string } };
    if (kind !== "ConfigMap" || metadata.name !== "istio" || !data?.mesh || data.mesh.includes(`name: ${name}`)) return;
    const entry = `extensionProviders:\n- name: ${name}\n`;
    data.mesh = data.mesh.includes("extensionProviders:\n")
        ? data.mesh.replace("extensionProviders:\n", entry)
        : `${entry}${data.mesh}`;
}

interface ModuleLoader {
    _load(request: string, parent: unknown, isMain: boolean): unknown;
}

/** Replaces modules of components/ by stand-ins while the program loads. */
async function withStandIns<T>(standIns: Record<string, object>, run: () => Promise<T>): Promise<T> {
    const loader = Module as unknown as ModuleLoader;
    const load = loader._load;
    loader._load = (request, parent, isMain) => {
        const name = Object.keys(standIns).find((path) => request.endsWith(`components/${path}`));
        return name ? standIns[name] : load(request, parent, isMain);
    };
    try {
        return await run();
    } finally {
        loader._load = load;
    }
}
