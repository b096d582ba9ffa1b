/** What makes Istio inject sidecars into a namespace's new pods. */

export const namespaceKind = { apiVersion: "v1", kind: "Namespace" } as const;

/** Whether a namespace with these labels has sidecars injected. */
export function injects(labels: Readonly<Record<string, string>> = {}): boolean {
    return labels["istio-injection"] === "enabled" || labels["istio.io/rev"] !== undefined;
}
