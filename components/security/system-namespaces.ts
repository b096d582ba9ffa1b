import { helloPorts } from "../config/apps";
import type { Calls } from "../config/security";
import type { PlatformConfig } from "../config/platform";
import { studyContainerPorts } from "../config/study";

/** A namespace of the systems, and who calls its pods. */
export interface SystemNamespace {
    readonly name: string;
    /** Ports that its containers listen on. */
    readonly ports: readonly number[];
    /** Whether routes of the ingress gateway lead to it. */
    readonly behindGateway: boolean;
    /** Namespaces, perhaps its own, whose pods call these ports. */
    readonly callers: readonly string[];
    /** Namespaces whose pods read metrics, at any port. */
    readonly observers: readonly string[];
}

/** The namespaces of the systems that are deployed, with everybody who calls them by the configuration (S6). */
export function systemNamespaces(config: PlatformConfig): SystemNamespace[] {
    const { egov, ecommerce, study } = config;
    const observers = config.monitoring.enabled ? [egov.namespaces.monitoring] : [];
    const { admitted = {} } = config.mesh.networkPolicies ?? {};
    const namespace = (name: string, others: Omit<SystemNamespace, "name">): SystemNamespace => ({
        name,
        ...others,
        callers: [...new Set([...others.callers, ...(admitted[name] ?? [])])],
    });
    const { app, infra, monitoring } = egov.namespaces;
    return [
        ...(egov.enabled
            ? [
                  // gateway-server calls egov-hello and is called from its namespace (E7); monitoring scrapes both (E1).
                  namespace(app, {
                      ports: [helloPorts.container],
                      behindGateway: true,
                      callers: [infra],
                      observers: [monitoring],
                  }),
                  namespace(infra, {
                      ports: [egov.gatewayServer.port],
                      behindGateway: false,
                      callers: [app],
                      observers: [monitoring],
                  }),
              ]
            : []),
        ...(ecommerce.enabled
            ? [
                  namespace(ecommerce.namespace, {
                      ports: [ecommerce.containerPort],
                      behindGateway: true,
                      callers: callOneAnother(ecommerce.authorization?.calls) ? [ecommerce.namespace] : [],
                      observers,
                  }),
              ]
            : []),
        ...(study.enabled
            ? [
                  // webapp calls catalog (T3), simple-web simple-backend (T8).
                  namespace(study.namespace, {
                      ports: [...new Set(Object.values(studyContainerPorts))],
                      behindGateway: true,
                      callers: [study.namespace],
                      observers,
                  }),
              ]
            : []),
    ];
}

/** Whether any service may call another one (C7); where nothing is declared, all may. */
function callOneAnother(calls: Calls | undefined): boolean {
    return calls === undefined || Object.keys(calls).length > 0;
}
