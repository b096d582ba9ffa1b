import { readFileSync } from "node:fs";
import { join } from "node:path";
import { snapshotOf, type ProxySnapshot } from "../../verification/proxy-views/snapshot";

/**
 * Answers of real proxies to `config_dump` and `clusters?format=json`, without filters, TLS and the Services of other
 * systems: the sidecar of gateway-server and the ingress gateway, with egov-hello of three pods.
 */
export function recorded(name: "sidecar" | "gateway"): ProxySnapshot {
    const text = readFileSync(join(__dirname, "recorded", `${name}.json`), "utf8");
    const { config_dump, clusters } = JSON.parse(text) as Record<string, unknown>;
    return snapshotOf(`${name}.test`, new Date(0), JSON.stringify(config_dump), JSON.stringify(clusters));
}
