import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mesh } from "../../config/mesh";
import { renderControlPlane } from "../render";
import { controlPlaneValues, istioOperator } from "../values";
import { compact } from "./compact";

/**
 * Renders the control plane of a stack without settings of its own and writes it beside this file:
 * `npx tsx components/mesh/rendered/update.ts`. Run it after a change of Istio's version or of the values.
 */
async function main(): Promise<void> {
    const istioctl = execFileSync("which", ["istioctl"], { encoding: "utf8" }).trim();
    const config = mesh.parse({});
    const images = { hub: config.imageHub, tag: config.version, proxyDistribution: config.proxyDistribution };
    const cacheDirectory = mkdtempSync(join(tmpdir(), "istio-platform-"));
    try {
        const manifests = await renderControlPlane(istioOperator(controlPlaneValues(config, images)), {
            istioctl,
            version: config.version,
            cacheDirectory,
        });
        writeFileSync(
            join(__dirname, "control-plane.json"),
            `[\n${manifests.map((manifest) => JSON.stringify(compact(manifest))).join(",\n")}\n]\n`,
        );
    } finally {
        rmSync(cacheDirectory, { recursive: true });
    }
}

void main();
