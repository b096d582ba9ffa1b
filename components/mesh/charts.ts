import * as pulumi from "@pulumi/pulumi";
import { join } from "node:path";
import { ensureToolchain } from "../../tools/toolchain";
import type { MeshConfig } from "../config/mesh";
import type { Manifest } from "./manifest";
import { renderControlPlane } from "./render";
import { controlPlaneValues, istioOperator, type MeshImages } from "./values";

/**
 * The control plane's objects, rendered from the charts inside istioctl; undefined where the charts come from a
 * repository and Helm renders them.
 *
 * @throws pulumi.RunError when istioctl is not to be had, has another version or refuses the values.
 */
export async function loadCharts(config: MeshConfig, images: MeshImages): Promise<Manifest[] | undefined> {
    if (config.charts.source === "repository") return undefined;
    try {
        const { directory, bin } = await ensureToolchain(["mesh"], {
            onProgress: (line) => void pulumi.log.info(line, undefined, undefined, true),
        });
        return await renderControlPlane(istioOperator(controlPlaneValues(config, images)), {
            istioctl: join(bin, "istioctl"),
            version: config.version,
            cacheDirectory: join(directory, "manifests"),
        });
    } catch (error) {
        throw new pulumi.RunError(`Istio's control plane cannot be rendered: ${(error as Error).message}`);
    }
}
