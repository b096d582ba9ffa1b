import { injectionLabel, revisionOf } from "../../../../components/config/revisions";
import type { PlatformConfig } from "../../../../components/config/platform";
import type { Pod, ProxySync } from "../../target/target";

/** Who is on which revision of the control plane, as it is declared (P7, S9). */

/** Namespace of the control planes, the gateways and what those ask. */
export const istioNamespace = "istio-system";

/** The namespaces whose pods get sidecars. */
export function meshedNamespaces({ egov, ecommerce, study }: PlatformConfig): string[] {
    return [
        ...(egov.enabled ? [egov.namespaces.app, egov.namespaces.infra] : []),
        ...(ecommerce.enabled ? [ecommerce.namespace] : []),
        ...(study.enabled ? [study.namespace] : []),
    ];
}

/** The revision that a pod's proxy is to be on. */
export function declaredRevision({ mesh }: PlatformConfig, { namespace }: Pick<Pod, "namespace">): string {
    return namespace === istioNamespace ? revisionOf(mesh.revisionTag) : revisionOf(mesh.revisionTag, namespace);
}

/** What is wrong with the labels by which a namespace has sidecars injected; undefined where nothing is. */
export function labelProblem(
    { mesh }: PlatformConfig,
    namespace: string,
    labels: Readonly<Record<string, string>> = {},
): string | undefined {
    const declared = injectionLabel(mesh.revisionTag, namespace);
    const wrong = ["istio-injection", "istio.io/rev"].filter((key) => labels[key] !== declared[key]);
    if (wrong.length === 0) return undefined;
    return `${namespace} has ${wrong.map((key) => `${key}=${labels[key] ?? "(not set)"} instead of ${declared[key] ?? "(not set)"}`).join(" and ")}`;
}

/** The proxies that another revision than the declared one has made. */
export function wronglyInjected(config: PlatformConfig, pods: readonly Pod[]): string[] {
    return pods.flatMap((pod) => {
        const declared = declaredRevision(config, pod);
        if (pod.injectedBy === declared) return [];
        return [`${pod.namespace}/${pod.name} was injected by ${pod.injectedBy ?? "nobody"} instead of ${declared}`];
    });
}

/** The proxies that are not connected to a control plane of the declared revision, or to one of another revision as well. */
export function wronglyConnected(
    config: PlatformConfig,
    pods: readonly Pod[],
    connections: readonly ProxySync[],
): string[] {
    return pods.flatMap((pod) => {
        const declared = declaredRevision(config, pod);
        const own = connections.filter(({ proxy }) => proxy === `${pod.name}.${pod.namespace}`);
        const revisions = [...new Set(own.map(({ revision }) => revision))];
        if (revisions.length === 1 && revisions[0] === declared) return [];
        return [
            `${pod.namespace}/${pod.name} is connected to ${revisions.join(" and ") || "nobody"} instead of ${declared}`,
        ];
    });
}
