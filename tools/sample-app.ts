import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toolsDirectory } from "./cache";
import { hashOf, hashOfFolder } from "./hash";
import { run } from "./run";
import { StepContext } from "./go";

/** Source of the sample app. */
export const sampleAppDirectory = join(toolsDirectory, "..", "services", "sample-app");

/** Repository of the image that is built from it. */
const repository = "docker.io/library/istio-platform-sample-app";

/**
 * Name of the sample app's image: its tag is a digest of all that goes into it, so a change of the source is a new image.
 * Known without building it.
 */
export function sampleAppImage(directory = sampleAppDirectory): string {
    return `${repository}:${sampleAppHash(directory).slice(0, 12)}`;
}

/** Digest of the sample app's sources and libraries, of what bundles them and of the Node.js that runs them. */
export function sampleAppHash(directory = sampleAppDirectory): string {
    const { version: esbuild } = JSON.parse(readFileSync(require.resolve("esbuild/package.json"), "utf8")) as {
        version: string;
    };
    return hashOf(process.version, process.arch, esbuild, hashOfFolder(directory, isSource));
}

/** Whether a file below the sample app's folder goes into the image. */
export function isSource(path: string): boolean {
    return (path === "package-lock.json" || /^[^/]+\.(ts|mjs)$/.test(path)) && !/\.(test|spec|d)\.ts$/.test(path);
}

/** Bundles the sample app into one JavaScript file. */
export async function bundleSampleApp(target: string, context: StepContext): Promise<void> {
    const { log, signal } = context;
    await run(process.execPath, [join(sampleAppDirectory, "bundle.mjs"), target], { log, signal });
}
