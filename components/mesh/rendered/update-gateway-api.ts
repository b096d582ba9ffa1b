import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { goModuleDirectory } from "../../../tools/cache";
import { goEnvironment } from "../../../tools/go";
import type { Manifest } from "../manifest";
import { parseManifests } from "../render";
import { compact } from "./compact";

/**
 * Writes gateway-api.json: `npx tsx components/mesh/rendered/update-gateway-api.ts`. Run it after a change of Istio's
 * version: the definitions are those of the release of the Gateway API that istiod is built with.
 */

const MODULE = "sigs.k8s.io/gateway-api";

/** Definition -> its channel: retries of an HTTPRoute are experimental, the rest is standard. */
const definitions = {
    gatewayclasses: "standard",
    gateways: "standard",
    httproutes: "experimental",
} as const;

function main(): void {
    const options = { cwd: goModuleDirectory, env: goEnvironment(), encoding: "utf8" } as const;
    const directory = execFileSync("go", ["list", "-m", "-f", "{{.Dir}}", MODULE], options).trim();
    const lines = Object.entries(definitions).flatMap(([name, channel]) => {
        const file = join(directory, "config", "crd", channel, `gateway.networking.k8s.io_${name}.yaml`);
        return parseManifests(readFileSync(file, "utf8")).map((manifest) =>
            JSON.stringify(declared(compact(manifest))),
        );
    });
    writeFileSync(join(__dirname, "gateway-api.json"), `[\n${lines.join(",\n")}\n]\n`);
}

/** The definition without what the API server fills in. */
function declared({ status: _, ...definition }: Manifest): Manifest {
    return definition as Manifest;
}

main();
