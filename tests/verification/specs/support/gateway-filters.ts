import type { Proxy } from "../../target/target";

/** HTTP filters in a gateway's listeners, as Envoy's own configuration has them. */

/** One HTTP filter of a listener, with the fields of its settings that are read. */
export interface HttpFilter<Settings> {
    name: string;
    typed_config?: Settings;
}

interface ListenersDump<Settings> {
    configs?: {
        active_state?: {
            listener?: {
                filter_chains?: { filters?: { typed_config?: { http_filters?: HttpFilter<Settings>[] } }[] }[];
            };
        };
    }[];
}

/** The filter of a name in every HTTP listener of a proxy, one for each filter chain; undefined where one has none. */
export async function httpFilters<Settings>(proxy: Proxy, name: string): Promise<(HttpFilter<Settings> | undefined)[]> {
    const dump = JSON.parse(await proxy.get("config_dump?resource=dynamic_listeners")) as ListenersDump<Settings>;
    const chains = (dump.configs ?? []).flatMap(({ active_state: active }) => active?.listener?.filter_chains ?? []);
    return chains
        .flatMap(({ filters = [] }) =>
            filters.flatMap(({ typed_config: config }) => (config?.http_filters ? [config.http_filters] : [])),
        )
        .map((filters) => filters.find((filter) => filter.name.includes(name)));
}
