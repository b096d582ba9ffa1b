import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mesh } from "../../config/mesh";
import type { Manifest } from "../manifest";
import { renderControlPlane } from "../render";
import { controlPlaneValues, istioOperator } from "../values";
import { compact } from "./compact";

/** The control plane of a stack without settings of its own: what control-plane.json holds. */
export async function renderDefaults(istioctl: string): Promise<Manifest[]> {
    const config = mesh.parse({});
    const images = { hub: config.imageHub, tag: config.version, proxyDistribution: config.proxyDistribution };
    const cacheDirectory = mkdtempSync(join(tmpdir(), "istio-platform-"));
    try {
        const manifests = await renderControlPlane(istioOperator(controlPlaneValues(config, images)), {
            istioctl,
            version: config.version,
            cacheDirectory,
        });
        return manifests.map(compact);
    } finally {
        rmSync(cacheDirectory, { recursive: true });
    }
}
