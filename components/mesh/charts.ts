import * as pulumi from "@pulumi/pulumi";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "../../tools/cache";
import type { MeshConfig } from "../config/mesh";
import { buildIstioctl, findIstioctl } from "./istioctl";
import type { ServiceReference } from "../traffic/service";
import type { Manifest } from "./manifest";
import { renderRevisions } from "./revisions";
import type { MeshImages } from "./values";

/**
 * The control plane's objects, rendered from the charts inside istioctl; undefined where the charts come from a
 * repository and Helm renders them.
 *
 * While istioctl is still being built, a preview shows the objects as they were rendered for a stack without settings
 * of its own; a deployment waits for istioctl.
 *
 * @param collector Who takes the proxies' spans (P14). Default: nobody.
 * @throws pulumi.RunError when istioctl is not to be had, has another version or refuses the values.
 */
export async function loadCharts(
    config: MeshConfig,
    images: MeshImages,
    collector?: ServiceReference,
): Promise<Manifest[] | undefined> {
    if (config.charts.source === "repository") return undefined;
    try {
        const istioctl =
            (await findIstioctl()) ?? (pulumi.runtime.isDryRun() ? undefined : await buildIstioctl(progress));
        if (!istioctl) return renderedBeforehand();
        return await renderRevisions(config, images, {
            istioctl,
            version: config.version,
            cacheDirectory: join(cacheDirectory(), "manifests"),
            collector,
        });
    } catch (error) {
        throw new pulumi.RunError(`Istio's control plane cannot be rendered: ${(error as Error).message}`);
    }
}

const progress = (line: string) => void pulumi.log.info(line, undefined, undefined, true);

async function renderedBeforehand(): Promise<Manifest[]> {
    await pulumi.log.info(
        "istioctl is not built yet: the plan shows Istio's control plane with default settings; a deployment renders it with this stack's.",
    );
    return JSON.parse(readFileSync(join(__dirname, "rendered", "control-plane.json"), "utf8")) as Manifest[];
}
