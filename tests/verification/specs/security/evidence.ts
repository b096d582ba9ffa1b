import type { EvidenceScope } from "../../spec";
import type { Target } from "../../target/target";
import { applicationPods, security } from "../support/names";

/** What explains who was let in: the policies of every namespace. */
export async function securityEvidence(target: Target): Promise<EvidenceScope> {
    const namespaces = new Set(["istio-system", ...(await applicationPods(target)).map(({ namespace }) => namespace)]);
    return {
        pods: await target.gatewayPods(),
        objects: [...namespaces].flatMap((namespace) =>
            Object.values(security).map((kind) => ({ ...kind, namespace })),
        ),
    };
}
