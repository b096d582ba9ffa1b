import type { Pod, Target } from "../../target/target";
import { applicationPods, egressGateway } from "./names";

/** A ready pod with a sidecar of every namespace of the systems, and one of each gateway. */
export async function meshClients(target: Target): Promise<Pod[]> {
    const usable = ({ sidecar, readySince }: Pod) => sidecar?.ready && readySince;
    const systems = new Map((await applicationPods(target)).filter(usable).map((pod) => [pod.namespace, pod]));
    const egress = (await target.kubernetes.pods("istio-system", { app: egressGateway })).filter(usable);
    return [...systems.values(), ...(await target.gatewayPods()).slice(0, 1), ...egress.slice(0, 1)];
}
