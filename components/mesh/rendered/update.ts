import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findIstioctl } from "../istioctl";
import { renderDefaults } from "./render-defaults";

/**
 * Writes control-plane.json: `npx tsx components/mesh/rendered/update.ts`. Run it after a change of Istio's version or of
 * the charts' values. It serves previews while istioctl is being built, and tests that need only Node.
 */
async function main(): Promise<void> {
    const istioctl = await findIstioctl();
    if (!istioctl) throw new Error("istioctl is needed: npm run tools -- build");
    const manifests = await renderDefaults(istioctl);
    // One line an object, so that a change can be read as a diff.
    const lines = manifests.map((manifest) => JSON.stringify(manifest)).join(",\n");
    writeFileSync(join(__dirname, "control-plane.json"), `[\n${lines}\n]\n`);
}

void main();
