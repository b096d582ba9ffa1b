import { inheritedSecurity, podContainers } from "../../model/pod";
import { label } from "../../model/labels";
import { isKnown } from "../../model/unknown";
import { at, type Rule } from "../rule";
import { istioSecurity } from "../standards";

/** User that Istio's proxies run as: what it sends passes the redirection by. */
const PROXY_USER = 1337;

/** Annotations that take traffic out of the proxy's hands. */
const EXCLUSIONS = ["excludeInboundPorts", "excludeOutboundPorts", "excludeOutboundIPRanges", "excludeInterfaces"].map(
    (name) => `traffic.sidecar.istio.io/${name}`,
);

export const sidecarBypass: Rule = {
    id: "sidecar-bypass",
    title: "No traffic of a pod passes its sidecar by",
    reason: "What the proxy does not see has no mutual TLS, no authorization and no record.",
    fix: "Remove the annotation, and run the application as another user than the proxy's 1337.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["S3", "S4"],
    standards: [istioSecurity("Understand traffic capture limitations")],
    *check(mesh) {
        for (const workload of mesh.workloads) {
            if (mesh.injection(workload) !== "yes" || workload.isIstio !== "no") continue;
            for (const name of EXCLUSIONS) {
                const excluded = label(workload.annotations, name);
                if (isKnown(excluded) && excluded !== "")
                    yield at(
                        workload,
                        workload.template.get("metadata", "annotations", name),
                        `what goes over ${excluded} passes the sidecar by`,
                        "remove the annotation",
                    );
            }
            for (const container of podContainers(workload)) {
                const user = inheritedSecurity(workload, container, "runAsUser");
                if (user.value === PROXY_USER && container.name !== "istio-proxy")
                    yield at(
                        workload,
                        user,
                        `the container ${String(container.name)} runs as the proxy's user: its connections pass the sidecar by`,
                        `set runAsUser to a number other than ${PROXY_USER}`,
                    );
            }
        }
    },
};
