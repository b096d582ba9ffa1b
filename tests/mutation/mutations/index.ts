import type { Mutation } from "../mutation";
import { canaries } from "./canaries";
import { chaos } from "./chaos";
import { controlPlaneSettings } from "./control-plane-settings";
import { accessLog } from "./access-log";
import { alerts } from "./alerts";
import { metrics } from "./metrics";
import { authorization } from "./authorization";
import { destinationRules } from "./destination-rules";
import { egress } from "./egress";
import { equivalent } from "./equivalent";
import { egovRoutes } from "./egov-routes";
import { gatewayApi } from "./gateway-api";
import { gateways } from "./gateways";
import { globalRateLimit } from "./global-rate-limit";
import { https } from "./https";
import { dashboards } from "./dashboards";
import { monitoringAccess } from "./monitoring-access";
import { mutualTls } from "./mutual-tls";
import { networkPolicies } from "./network-policies";
import { undeclaredObjects } from "./objects";
import { paths } from "./paths";
import { platform } from "./platform";
import { revisions } from "./revisions";
import { rateLimit } from "./rate-limit";
import { requestFilter } from "./request-filter";
import { routes } from "./routes";
import { scopes } from "./scope";
import { services } from "./services";
import { tokens } from "./tokens";
import { tracing } from "./tracing";
import { undeclared } from "./undeclared";
import { study } from "./study";
import { views } from "./views";
import { workloads } from "./workloads";
import { zones } from "./zones";

/** Mutations of what there is only where routes are VirtualServices. */
const ofIstioRoutes = (list: readonly Mutation[]): Mutation[] =>
    list.map((mutation) => ({ ...mutation, needs: [...mutation.needs, "istio-routes"] }));

/** All mutations; those that replace pods come last, because the others are undone in a moment. */
export const mutations: readonly Mutation[] = [
    ...services,
    ...views,
    ...ofIstioRoutes([...routes, ...undeclared, ...egovRoutes, ...canaries, ...destinationRules, ...gateways]),
    ...gatewayApi,
    ...mutualTls,
    ...networkPolicies,
    ...undeclaredObjects,
    ...paths,
    ...study,
    ...zones,
    ...authorization,
    ...https,
    ...tokens,
    ...rateLimit,
    ...globalRateLimit,
    ...accessLog,
    ...tracing,
    ...monitoringAccess,
    ...requestFilter,
    ...dashboards,
    ...platform,
    ...controlPlaneSettings,
    ...revisions,
    ...egress,
    ...scopes,
    ...workloads,
    ...metrics,
    ...alerts,
    ...ofIstioRoutes(chaos),
    ...equivalent,
];
