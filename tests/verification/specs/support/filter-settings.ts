import { milliseconds } from "../../../../components/config/units";
import type { Proxy } from "../../target/target";

/** How a gateway's listeners ask the request filter (C14), as Envoy's own configuration has it. */

/** The settings of one listener; none where it does not ask at all. */
export type FilterSettings = Readonly<Record<string, string | number>>;

interface HttpFilter {
    name: string;
    typed_config?: {
        grpc_service?: { timeout?: string };
        failure_mode_allow?: boolean;
        with_request_body?: { max_request_bytes?: number; allow_partial_message?: boolean };
    };
}

interface ListenersDump {
    configs?: {
        active_state?: {
            listener?: {
                filter_chains?: { filters?: { typed_config?: { http_filters?: HttpFilter[] } }[] }[];
            };
        };
    }[];
}

/** The settings of every HTTP listener of a proxy, one for each of its filter chains. */
export async function filterSettings(proxy: Proxy): Promise<FilterSettings[]> {
    const dump = JSON.parse(await proxy.get("config_dump?resource=dynamic_listeners")) as ListenersDump;
    const chains = (dump.configs ?? []).flatMap(({ active_state: active }) => active?.listener?.filter_chains ?? []);
    const managers = chains.flatMap(({ filters = [] }) =>
        filters.flatMap(({ typed_config: config }) => (config?.http_filters ? [config.http_filters] : [])),
    );
    return managers.map((filters) => {
        const own = filters.find(({ name }) => name.includes("ext_authz"));
        return own ? settingsOf(own) : {};
    });
}

function settingsOf({ typed_config: config = {} }: HttpFilter): FilterSettings {
    const { grpc_service: service, failure_mode_allow: passes, with_request_body: body } = config;
    return {
        "time-out in ms": milliseconds(service?.timeout ?? "0s"),
        "bytes of a body": body?.max_request_bytes ?? 0,
        "larger bodies": body?.allow_partial_message ? "looked at in part" : "refused",
        "without an answer": passes ? "pass" : "refuse",
    };
}
