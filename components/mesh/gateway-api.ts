import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "./manifest";

/** The custom resource definitions of the Gateway API (P12), of the release that istiod is built with. */
export function gatewayApiDefinitions(): Manifest[] {
    return JSON.parse(readFileSync(join(__dirname, "rendered", "gateway-api.json"), "utf8")) as Manifest[];
}
