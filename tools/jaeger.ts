import { join } from "node:path";
import { toolsDirectory } from "./cache";
import type { GoTool } from "./catalog";
import { pinnedVersion } from "./monitoring";

/** The Go module that pins Jaeger. */
export const jaegerDirectory = join(toolsDirectory, "..", "services", "jaeger");

const jaegerModule = "github.com/jaegertracing/jaeger";

/** Releases of Jaeger 2 by the version of the Go module, which is still numbered as Jaeger 1. */
const releases: Readonly<Record<string, string>> = { "1.76.0": "2.13.0" };

/**
 * Release of Jaeger.
 *
 * @throws Error when the module's version is none of the known ones.
 */
export function jaegerVersion(directory = jaegerDirectory): string {
    const module = pinnedVersion(directory, jaegerModule);
    const release = releases[module];
    if (release !== undefined) return release;
    throw new Error(`${directory}/go.mod pins ${jaegerModule} ${module}: say in tools/jaeger.ts which release it is`);
}

/** Name of the image, as the project publishes it. What is built here takes this name. */
export const jaegerImage = (): string => `docker.io/jaegertracing/jaeger:${jaegerVersion()}`;

/** The program, in a group of its own: it is large, and of no use to those who only measure. */
export function jaegerTool(): GoTool {
    return {
        name: "jaeger",
        group: "tracing",
        package: `${jaegerModule}/cmd/jaeger`,
        module: jaegerDirectory,
        version: jaegerVersion(),
        stamps: [`${jaegerModule}/internal/version.latestVersion=v${jaegerVersion()}`],
    };
}
