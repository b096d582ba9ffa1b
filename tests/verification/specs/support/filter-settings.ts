import { milliseconds } from "../../../../components/config/units";
import type { Proxy } from "../../target/target";
import { httpFilters } from "./gateway-filters";

/** How a gateway's listeners ask the request filter (C14) and the rate limit service (S7). */

/** The settings of one listener; none where it does not ask at all. */
export type FilterSettings = Readonly<Record<string, string | number>>;

interface RequestFilterSettings {
    grpc_service?: { timeout?: string };
    failure_mode_allow?: boolean;
    with_request_body?: { max_request_bytes?: number; allow_partial_message?: boolean };
}

/** How every HTTP listener of a proxy asks the request filter, one for each of its filter chains. */
export async function filterSettings(proxy: Proxy): Promise<FilterSettings[]> {
    const filters = await httpFilters<RequestFilterSettings>(proxy, "ext_authz");
    return filters.map((own): FilterSettings => {
        if (!own) return {};
        const { grpc_service: service, failure_mode_allow: passes, with_request_body: body } = own.typed_config ?? {};
        return {
            "time-out in ms": milliseconds(service?.timeout ?? "0s"),
            "bytes of a body": body?.max_request_bytes ?? 0,
            "larger bodies": body?.allow_partial_message ? "looked at in part" : "refused",
            "without an answer": passes ? "pass" : "refuse",
        };
    });
}

interface RateLimitSettings {
    timeout?: string;
    failure_mode_deny?: boolean;
}

/** How every HTTP listener of a proxy asks the rate limit service, one for each of its filter chains. */
export async function rateLimitSettings(proxy: Proxy): Promise<FilterSettings[]> {
    const filters = await httpFilters<RateLimitSettings>(proxy, "http.ratelimit");
    return filters.map((own): FilterSettings => {
        if (!own) return {};
        const { timeout = "0s", failure_mode_deny: denies } = own.typed_config ?? {};
        return { "time-out in ms": milliseconds(timeout), "without an answer": denies ? "deny" : "admit" };
    });
}
