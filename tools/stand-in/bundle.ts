import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build, Plugin } from "esbuild";

/** A plugin of the Pulumi engine that stands in for an official one. */
export interface StandIn {
    kind: "language" | "resource";
    name: string;
    /** Version under which the engine finds it: that of the npm package it belongs to. */
    version: string;
    /** How reports name it. */
    label: string;
    /** Its main file, in TypeScript. */
    entry: string;
}

/** Environment variable by which the launchers find node. Default: the one on PATH. */
export const NODE_VARIABLE = "ISTIO_PLATFORM_NODE";

/**
 * Of the Kubernetes client only the kubeconfig part is bundled. It imports the generated API classes (several MB) for one
 * function that is not used here; without them a plugin starts five times as fast.
 */
const kubeconfigOnly: Plugin = {
    name: "kubeconfig-only",
    setup({ onResolve, onLoad, resolve }) {
        onResolve({ filter: /^@kubernetes\/client-node$/ }, ({ resolveDir }) =>
            resolve("@kubernetes/client-node/dist/config.js", { resolveDir, kind: "import-statement" }),
        );
        onResolve({ filter: /^\.\/gen\/index\.js$/ }, ({ importer }) =>
            importer.includes("client-node") ? { path: "generated-api", namespace: "unused" } : undefined,
        );
        onLoad({ filter: /.*/, namespace: "unused" }, () => ({
            contents:
                "export class ServerConfiguration {}\nexport function createConfiguration() { throw new Error('not bundled'); }",
        }));
    },
};

/** Makes the folder that `pulumi plugin install --file` takes: one JavaScript file and its launcher. */
export async function bundleStandIn(standIn: StandIn, directory: string): Promise<void> {
    await mkdir(directory, { recursive: true });
    await build({
        entryPoints: [standIn.entry],
        outfile: join(directory, "main.js"),
        bundle: true,
        platform: "node",
        target: "node20",
        format: "cjs",
        minifySyntax: true,
        legalComments: "none",
        logLevel: "silent",
        define: {
            "process.env.STAND_IN_VERSION": JSON.stringify(standIn.version),
            "process.env.STAND_IN_NAME": JSON.stringify(standIn.name),
        },
        plugins: [kubeconfigOnly],
    });
    await writeLauncher(join(directory, `pulumi-${standIn.kind}-${standIn.name}`), "main.js");
}

/** Writes an executable script that runs a JavaScript file lying beside it. */
export async function writeLauncher(path: string, script: string): Promise<void> {
    await writeFile(path, `#!/bin/sh\nexec "\${${NODE_VARIABLE}:-node}" "$(dirname "$0")/${script}" "$@"\n`);
    await chmod(path, 0o755);
}
