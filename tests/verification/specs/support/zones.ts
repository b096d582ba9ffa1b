import type { PlatformConfig } from "../../../../components/config/platform";
import { escapeRegex } from "../../target/envoy";
import type { Pod, Proxy } from "../../target/target";
import { distributedProfiles, zoneOf, type Profile } from "./study";

/** T9: how a proxy ranks and weighs the zones of a service, as declared and as Envoy has it. */

/** What decides how often a pod is chosen. */
export interface ZoneSetting {
    /** `region/zone` of the pod. */
    zone: string;
    /** 0: first; n: only when the pods of all smaller ones fail. */
    priority: number;
    /** Share of the pod's zone: in percent where requests are shared out, else by its pods. */
    share?: number;
}

/** The fields of Envoy's endpoint configuration that are read. */
interface EnvoyLocality {
    locality?: { region?: string; zone?: string };
    lb_endpoints?: { endpoint?: { address?: { socket_address?: { address?: string } } } }[];
    load_balancing_weight?: number;
    priority?: number;
}

/** Address of a pod -> how the proxy ranks it in a cluster. */
export async function zonesInEnvoy(proxy: Proxy, cluster: string): Promise<Map<string, ZoneSetting>> {
    const name = encodeURIComponent(`^${escapeRegex(cluster)}$`);
    return parseZones(
        await proxy.get(`config_dump?include_eds&resource=dynamic_endpoint_configs&name_regex=${name}`),
        cluster,
    );
}

/** Reads Envoy's dump of endpoints. */
export function parseZones(text: string, cluster: string): Map<string, ZoneSetting> {
    const { configs = [] } = JSON.parse(text) as {
        configs?: { endpoint_config?: { cluster_name?: string; endpoints?: EnvoyLocality[] } }[];
    };
    const groups = configs
        .filter(({ endpoint_config: found }) => found?.cluster_name === cluster)
        .flatMap(({ endpoint_config: found }) => found?.endpoints ?? []);
    return new Map(
        groups.flatMap(({ locality = {}, lb_endpoints: endpoints = [], load_balancing_weight: share, priority = 0 }) =>
            endpoints.map(({ endpoint }): [string, ZoneSetting] => [
                endpoint?.address?.socket_address?.address ?? "",
                {
                    zone: [locality.region, locality.zone].filter(Boolean).join("/"),
                    priority,
                    ...(share !== undefined && { share }),
                },
            ]),
        ),
    );
}

/** The same as declared, for pods whose zone is declared; those of a zone that has no share are left out. */
export function declaredZones(
    config: PlatformConfig,
    profile: Profile<"locality">,
    pods: readonly Pod[],
): Map<string, ZoneSetting> {
    const placed = pods.flatMap((pod) => {
        const zone = zoneOf(config, pod);
        return zone === undefined ? [] : [{ ip: pod.ip, zone }];
    });
    const shares = distributedProfiles(config).find(({ name }) => name === profile.name)?.shares;
    if (shares)
        return new Map(
            placed.flatMap(({ ip, zone }): [string, ZoneSetting][] =>
                shares[zone] === undefined ? [] : [[ip, { zone, priority: 0, share: shares[zone] }]],
            ),
        );
    const distance = (zone: string) => distanceOf(config.study.simpleWeb.zone, zone);
    const distances = [...new Set(placed.map(({ zone }) => distance(zone)))].sort();
    return new Map(placed.map(({ ip, zone }) => [ip, { zone, priority: distances.indexOf(distance(zone)) }]));
}

/** How far two zones are apart: 0 the same one, 1 another one of the region, 2 another region. */
function distanceOf(one: string, other: string): number {
    if (one === other) return 0;
    return one.split("/")[0] === other.split("/")[0] ? 1 : 2;
}

/** What differs, one line a pod. Envoy has a weight for every zone; it says something only where requests are shared out. */
export function zoneDifferences(
    declared: ReadonlyMap<string, ZoneSetting>,
    seen: ReadonlyMap<string, ZoneSetting>,
    pods: readonly Pod[],
): string[] {
    return pods.flatMap(({ ip, name }) => {
        const setting = declared.get(ip);
        const shared = !setting || setting.share !== undefined;
        const [expected, found] = [setting, seen.get(ip)].map((one) => describeSetting(one, shared));
        return expected === found ? [] : [`${name}: ${found} instead of ${expected}`];
    });
}

function describeSetting(setting: ZoneSetting | undefined, shared: boolean): string {
    if (!setting) return "no requests";
    const { zone, priority, share } = setting;
    return `zone ${zone || "(none)"}, priority ${priority}${shared ? `, share ${share ?? "(none)"}` : ""}`;
}
