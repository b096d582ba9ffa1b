import { TargetError } from "../target/file";
import type { Kubernetes, KubernetesObject, Pod } from "../target/target";

/**
 * The pod with a proxy that a person means: by its name or a beginning of it, with `.NAMESPACE` where names repeat.
 *
 * @throws TargetError when there is none, or several, naming them.
 */
export async function findPod(kubernetes: Kubernetes, wanted: string): Promise<Pod> {
    const namespaces = await kubernetes.objects<KubernetesObject>({
        apiVersion: "v1",
        kind: "Namespace",
        namespace: "",
    });
    const pods = (await Promise.all(namespaces.map(({ metadata }) => kubernetes.pods(metadata.name)))).flat();
    return choosePod(
        pods.filter(({ sidecar }) => sidecar),
        wanted,
    );
}

/** The one of the pods that `wanted` means. */
export function choosePod(pods: readonly Pod[], wanted: string): Pod {
    // A pod's name may have dots, but a namespace's may not: the last dot divides.
    const dot = wanted.lastIndexOf(".");
    const [name, namespace] = dot < 0 ? [wanted, undefined] : [wanted.slice(0, dot), wanted.slice(dot + 1)];
    const there = pods.filter((pod) => namespace === undefined || pod.namespace === namespace);
    const exact = there.filter((pod) => pod.name === name);
    const found = exact.length > 0 ? exact : there.filter((pod) => pod.name.startsWith(name));
    if (found.length === 1) return found[0]!;
    const listed = (some: readonly Pod[]) => some.map((pod) => `\n  ${pod.name}.${pod.namespace}`).join("");
    throw new TargetError(
        found.length === 0
            ? `no pod with a proxy is called ${wanted}. There are:${listed(pods)}`
            : `${wanted} may mean several pods; add more of the name:${listed(found)}`,
    );
}
