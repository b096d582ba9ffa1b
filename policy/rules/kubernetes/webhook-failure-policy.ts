import { at, type Rule } from "../rule";
import { istioSecurity, kubernetesDocs } from "../standards";

export const webhookFailurePolicy: Rule = {
    id: "webhook-failure-policy",
    title: "Istio's webhooks refuse what they cannot look at",
    reason: "With Ignore a pod that starts while istiod is away has no sidecar, and an invalid object is accepted.",
    fix: "Set failurePolicy: Fail, or leave it out.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P8"],
    standards: [istioSecurity("Mutual TLS"), kubernetesDocs("Admission Webhook Good Practices")],
    *check(mesh) {
        for (const configuration of mesh.webhookConfigurations.filter(({ isIstio }) => isIstio))
            for (const webhook of configuration.root.get("webhooks").items()) {
                const field = webhook.get("failurePolicy");
                if (field.value === "Ignore")
                    yield at(
                        configuration,
                        field,
                        `while istiod does not answer, ${String(webhook.get("name").value)} lets everything pass`,
                        "set failurePolicy: Fail",
                    );
            }
    },
};
