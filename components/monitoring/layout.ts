/** What the tools of the monitoring have in common. */

/** User of the containers, as the official images have it: nobody, not the sidecar's 1337. */
export const MONITORING_USER = 65534;

/** `metadata` of everything that belongs to a tool; of cluster-wide objects without the namespace. */
export function toolMetadata(name: string, namespace: string) {
    return { name, namespace, labels: toolLabels(name) };
}

/** Label of a pod that tells its tool. */
export const toolLabels = (name: string): Record<string, string> => ({ app: name });

/** Arguments of Prometheus and Alertmanager: where people find it, for the links that it writes. It goes on serving at the root. */
export const publishedAt = (url: string) => [`--web.external-url=${url}`, "--web.route-prefix=/"];
