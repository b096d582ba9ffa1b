import type { EvidenceScope } from "../../spec";
import type { Target } from "../../target/target";
import { core, istio } from "../support/names";
import { simpleBackend, simpleWeb, studyPods } from "../support/study";

/** What explains a failure on the way from outside over simple-web to simple-backend. */
export async function backendEvidence(target: Target): Promise<EvidenceScope> {
    const { namespace } = target.config.study;
    const pods = await Promise.all([
        target.gatewayPods(),
        studyPods(target, simpleWeb),
        studyPods(target, simpleBackend),
    ]);
    return {
        pods: pods.flat(),
        clusters: [simpleWeb, simpleBackend],
        objects: [
            { ...istio.virtualService, namespace },
            { ...istio.destinationRule, namespace },
            { ...istio.envoyFilter, namespace },
            { ...core.service, namespace },
        ],
    };
}
