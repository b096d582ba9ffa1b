import type { Proxy } from "../../target/target";

/** Whom a pod's sidecar lets in (S4), as Envoy's own configuration has it. */

/** A condition on the caller: an identity, several of which one or all hold, or anything else. */
interface Principal {
    authenticated?: { principal_name?: { exact?: string } };
    and_ids?: { ids: Principal[] };
    or_ids?: { ids: Principal[] };
}

interface Filter {
    name: string;
    typed_config?: {
        http_filters?: Filter[];
        rules?: { action?: string; policies?: Record<string, { principals?: Principal[] }> };
    };
}

/** A way into the pod: connections of one kind. */
interface FilterChain {
    filter_chain_match?: { destination_port?: number };
    filters?: Filter[];
}

interface ListenersDump {
    configs?: { active_state?: { listener?: { filter_chains?: FilterChain[] } } }[];
}

/** Port of the sidecar itself for what others have redirected to it; nothing is behind it. */
const redirectionPort = 15006;

/** The callers that each way into a pod admits: identities, other conditions as JSON, `anybody` or `nobody`. */
export async function admittedCallers(proxy: Proxy): Promise<string[]> {
    const dump = await proxy.get(
        `config_dump?resource=dynamic_listeners&name_regex=${encodeURIComponent("^virtualInbound$")}`,
    );
    return parseAdmitted(dump);
}

/** Reads Envoy's dump of the listener for what comes in. */
export function parseAdmitted(dump: string): string[] {
    const { configs = [] } = JSON.parse(dump) as ListenersDump;
    return configs
        .flatMap(({ active_state: active }) => active?.listener?.filter_chains ?? [])
        .filter(({ filter_chain_match: match }) => match?.destination_port !== redirectionPort)
        .map(({ filters = [] }) => {
            const all = filters.flatMap((filter) => [filter, ...(filter.typed_config?.http_filters ?? [])]);
            const rules = all.flatMap(({ name, typed_config: config }) =>
                name.endsWith(".rbac") && config?.rules ? [config.rules] : [],
            );
            // Istio leaves the action out where it is ALLOW.
            const allow = rules.filter(({ action = "ALLOW" }) => action === "ALLOW");
            if (allow.length === 0) return "anybody";
            const policies = allow.flatMap(({ policies: own = {} }) => Object.values(own));
            const callers = policies.flatMap(({ principals = [] }) => principals.flatMap(conditions));
            return callers.sort().join(", ") || "nobody";
        });
}

/** The single conditions of one that is put together. */
function conditions(principal: Principal): string[] {
    const group = principal.and_ids ?? principal.or_ids;
    if (group) return group.ids.flatMap(conditions);
    return [principal.authenticated?.principal_name?.exact ?? JSON.stringify(principal)];
}
