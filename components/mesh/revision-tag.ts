import { istiodOf, type RevisionTag } from "../config/revisions";
import type { Manifest } from "./manifest";
import { ISTIO_NAMESPACE } from "./values";

/**
 * The injector of a tag (S9): has the pods of namespaces with the label `istio.io/rev=<tag>`, and pods that have it themselves
 * in namespaces without any, injected by the revision that the tag names. It is an object of its own, with the same name whichever
 * revision that is: moving the tag changes it in place. As Istio's own tags it has the labels by which istiod finds it, and
 * fills in its certificate.
 */
export function tagInjector({ name, revision }: RevisionTag): Manifest {
    const labelled = { key: "istio.io/rev", operator: "In", values: [name] };
    const without = (key: string) => ({ key, operator: "DoesNotExist" });
    const notRefused = { key: "sidecar.istio.io/inject", operator: "NotIn", values: ["false"] };
    return {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "MutatingWebhookConfiguration",
        metadata: {
            name: `istio-revision-tag-${name}`,
            labels: { app: "sidecar-injector", "istio.io/rev": revision, "istio.io/tag": name },
        },
        webhooks: [
            injector("namespace", revision, [labelled, without("istio-injection")], [notRefused]),
            injector("object", revision, [without("istio.io/rev"), without("istio-injection")], [notRefused, labelled]),
        ],
    };
}

/** One way to be chosen: by what namespaces and pods are labelled with. */
function injector(by: "namespace" | "object", revision: string, namespaces: object[], pods: object[]) {
    return {
        name: `rev.${by}.sidecar-injector.istio.io`,
        clientConfig: {
            service: { name: istiodOf(revision), namespace: ISTIO_NAMESPACE, path: "/inject", port: 443 },
        },
        namespaceSelector: { matchExpressions: namespaces },
        objectSelector: { matchExpressions: pods },
        rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] }],
        failurePolicy: "Fail",
        reinvocationPolicy: "Never",
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
    };
}
