import type { Field } from "../../model/field";
import type { Mesh } from "../../model/mesh";
import type { MeshObject } from "../../model/object";
import { at, type Finding, list, type Rule } from "../rule";
import { cisEks, nsaCisa } from "../standards";

/** One rule of a Role or ClusterRole. */
interface Grant {
    readonly role: MeshObject;
    readonly field: Field;
    readonly verbs: readonly string[];
    readonly resources: readonly string[];
    readonly groups: readonly string[];
}

function grantsOf(mesh: Mesh): Grant[] {
    return [...mesh.ofKind("Role"), ...mesh.ofKind("ClusterRole")].flatMap((role) =>
        role.root
            .get("rules")
            .items()
            .map((field) => ({
                role,
                field,
                verbs: texts(field.get("verbs")),
                resources: texts(field.get("resources")),
                groups: texts(field.get("apiGroups")),
            })),
    );
}

function texts(field: Field): string[] {
    return field
        .items()
        .map((item) => item.text())
        .filter((text) => typeof text === "string");
}

const READING: ReadonlySet<string> = new Set(["get", "list", "watch"]);

export const rbacWildcard: Rule = {
    id: "rbac-wildcard",
    title: "Roles name what they allow, without *",
    reason: "A wildcard also allows what a later version of the cluster adds, and hides from the reader what it opens today.",
    fix: "List the verbs, resources and API groups that are needed.",
    severity: "high",
    enforcement: "mandatory",
    standards: [cisEks("4.1.3"), nsaCisa("Authentication and authorization")],
    *check(mesh) {
        for (const { role, field, verbs, resources, groups } of grantsOf(mesh)) {
            // A status knows three verbs only, of which none opens anything else.
            const ofStatus = resources.length > 0 && resources.every((name) => name.endsWith("/status"));
            const found = (key: string, what: string): Finding =>
                at(role, field.get(key), `the role allows ${what}`, `list the ${key} that are needed`);
            if (verbs.includes("*") && !ofStatus) yield found("verbs", `everything with ${list(resources)}`);
            if (groups.includes("*")) yield found("apiGroups", "it in every API group");
            // Reading all of one named API group is a common need of a controller; the core group holds the Secrets.
            const opensMore = groups.includes("") || verbs.some((verb) => verb !== "*" && !READING.has(verb));
            if (resources.includes("*") && opensMore) yield found("resources", `${list(verbs)} on every resource`);
        }
    },
};

export const rbacEscalation: Rule = {
    id: "rbac-escalation",
    title: "No role allows to bind, escalate or impersonate",
    reason: "Whoever may do one of these can give themselves every right of the cluster.",
    fix: "Remove the verb; let an administrator make the binding.",
    severity: "critical",
    enforcement: "mandatory",
    standards: [cisEks("4.1.8")],
    *check(mesh) {
        for (const { role, field, verbs } of grantsOf(mesh))
            for (const verb of ["bind", "escalate", "impersonate"].filter((name) => verbs.includes(name)))
                yield at(
                    role,
                    field.get("verbs"),
                    `the role allows to ${verb}: its holder can take every right`,
                    `remove "${verb}"`,
                );
    },
};

/** Groups that have every right, and those that everybody is in. */
const BROAD_GROUPS: ReadonlySet<string> = new Set(["system:masters", "system:anonymous", "system:unauthenticated"]);

export const clusterAdmin: Rule = {
    id: "cluster-admin",
    title: "Nobody is bound to cluster-admin or to a group of everybody",
    reason: "A token of such an identity is the whole cluster, Secrets of all namespaces included.",
    fix: "Bind a role with the rights that are needed; for people use EKS access entries with a scoped policy.",
    severity: "critical",
    enforcement: "mandatory",
    standards: [cisEks("4.1.1"), cisEks("4.1.7")],
    *check(mesh) {
        for (const binding of [...mesh.ofKind("RoleBinding"), ...mesh.ofKind("ClusterRoleBinding")]) {
            const role = binding.root.get("roleRef", "name");
            if (role.value === "cluster-admin")
                yield at(
                    binding,
                    role,
                    "the binding gives every right in the cluster",
                    "bind a role with the rights that are needed",
                );
            for (const subject of binding.root.get("subjects").items()) {
                const name = subject.get("name").text();
                if (typeof name === "string" && BROAD_GROUPS.has(name))
                    yield at(
                        binding,
                        subject.get("name"),
                        `the binding speaks of ${name}`,
                        "name the people or ServiceAccounts that need the role",
                    );
            }
        }
    },
};
