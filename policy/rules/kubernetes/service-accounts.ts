import type { Mesh } from "../../model/mesh";
import { podSpec, serviceAccountOf } from "../../model/pod";
import { all, any, type Answer, type Maybe, same } from "../../model/unknown";
import { at, type Rule } from "../rule";
import { cisEks, nsaCisa } from "../standards";

export const defaultServiceAccount: Rule = {
    id: "default-service-account",
    title: "Every workload has a ServiceAccount of its own",
    reason: "Its ServiceAccount is a workload's identity in mutual TLS, in AuthorizationPolicies and in IAM: with default all are one.",
    fix: "Make a ServiceAccount and set serviceAccountName.",
    severity: "medium",
    enforcement: "mandatory",
    standards: [cisEks("4.1.5"), nsaCisa("Protecting Pod service account tokens")],
    *check(mesh) {
        for (const workload of mesh.workloads)
            if (serviceAccountOf(workload) === "default")
                yield at(
                    workload,
                    podSpec(workload).get("serviceAccountName"),
                    "the pods share the identity of all others of their namespace (the ServiceAccount default)",
                    "make a ServiceAccount for the workload and set serviceAccountName",
                );
    },
};

export const serviceAccountToken: Rule = {
    id: "service-account-token",
    title: "Pods that do not use Kubernetes' API get no token for it",
    reason: "Whoever gets into such a pod can ask the API server with its identity.",
    fix: "Set automountServiceAccountToken: false for the pods or their ServiceAccount.",
    severity: "medium",
    enforcement: "mandatory",
    standards: [cisEks("4.1.6"), nsaCisa("Protecting Pod service account tokens")],
    *check(mesh) {
        for (const workload of mesh.workloads) {
            const field = podSpec(workload).get("automountServiceAccountToken");
            const name = serviceAccountOf(workload);
            if (field.isUnknown || field.value === false || mesh.isOpaque(workload.namespace)) continue;
            if (!field.isSet && refusesToken(mesh, name, workload.namespace) !== "no") continue;
            if (isBound(mesh, name, workload.namespace) !== "no") continue;
            yield at(
                workload,
                field,
                `the pods carry the token of ${String(name)}, to which no Role is bound`,
                "set automountServiceAccountToken: false",
            );
        }
    },
};

/** Whether the ServiceAccount itself has no token mounted. */
function refusesToken(mesh: Mesh, name: Maybe<string>, namespace: Maybe<string>): Answer {
    return any(
        mesh.ofKind("ServiceAccount").map((account) => {
            const mounts = account.root.get("automountServiceAccountToken");
            return all([
                same(account.name, name),
                same(account.namespace, namespace),
                mounts.isUnknown ? "maybe" : mounts.value === false ? "yes" : "no",
            ]);
        }),
    );
}

/** Whether a RoleBinding or ClusterRoleBinding gives rights to a ServiceAccount. */
function isBound(mesh: Mesh, name: Maybe<string>, namespace: Maybe<string>): Answer {
    const bindings = [...mesh.ofKind("RoleBinding"), ...mesh.ofKind("ClusterRoleBinding")];
    return any(
        bindings.flatMap(({ root, namespace: own }) => {
            const subjects = root.get("subjects");
            const answers = subjects
                .items()
                .map((subject) =>
                    all([
                        same<string>(subject.get("kind").text(), "ServiceAccount"),
                        same(subject.get("name").text(), name),
                        same(subject.get("namespace").text() ?? own, namespace),
                    ]),
                );
            return subjects.isPartial ? [...answers, "maybe" as const] : answers;
        }),
    );
}
