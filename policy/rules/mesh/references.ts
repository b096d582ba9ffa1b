import type { Field } from "../../model/field";
import { type Lookup, lookup } from "../../model/lookup";
import type { Mesh } from "../../model/mesh";
import type { MeshObject } from "../../model/object";
import { podContainers, podSpec } from "../../model/pod";
import { isKnown, type Maybe } from "../../model/unknown";
import type { Workload } from "../../model/workload";
import { at, type Finding, list, type Rule } from "../rule";

/** A place that names another object. */
interface Reference {
    readonly from: MeshObject;
    readonly field: Field;
    readonly kind: string;
    readonly name: Maybe<string>;
    readonly namespace: Maybe<string>;
    /** What happens without it. */
    readonly otherwise: string;
    /** Key of the ConfigMap or Secret that is asked for. */
    readonly key?: Field;
}

export const missingReference: Rule = {
    id: "missing-reference",
    title: "The ConfigMaps, Secrets, accounts, volumes, roles and targets that objects name exist",
    reason: "Pods do not start, a right is not given, an autoscaler scales nothing: Kubernetes accepts the name all the same.",
    fix: "Name an object that exists in the same namespace, or declare it.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C8", "https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/"],
    *check(mesh) {
        for (const reference of references(mesh)) {
            const { from, field, kind, name, namespace, otherwise, key } = reference;
            const found = lookup(mesh, kind, name, namespace);
            if (found.status === "missing")
                yield at(
                    from,
                    field,
                    `there is no ${kind} ${String(name)}${namespace === undefined ? "" : ` in ${String(namespace)}`}: ${otherwise}`,
                    advice(found, kind, String(name)),
                );
            if (found.status === "found" && key) yield* checkKey(from, key, found.object);
        }
    },
};

function advice(found: Extract<Lookup, { status: "missing" }>, kind: string, name: string): string {
    return found.suggestion ? `"${found.suggestion}" exists: name that one, or move it` : `declare the ${kind} ${name}`;
}

function* checkKey(from: MeshObject, key: Field, object: MeshObject): Iterable<Finding> {
    const wanted = key.text();
    const maps = ["data", "binaryData", "stringData"].map((name) => object.root.get(name));
    const keys = maps.flatMap((map) => map.keys());
    if (!isKnown(wanted) || maps.some(({ isUnknown }) => isUnknown) || keys.length === 0 || keys.includes(wanted))
        return;
    yield at(
        from,
        key,
        `${object.id} has no key "${wanted}", it has ${list(keys)}: the pods do not start`,
        `name one of ${list(keys)}, or add the key`,
    );
}

function* references(mesh: Mesh): Iterable<Reference> {
    for (const workload of mesh.workloads) yield* ofPods(workload);
    for (const scaler of mesh.ofKind("HorizontalPodAutoscaler")) yield* ofScaler(scaler);
    for (const kind of ["RoleBinding", "ClusterRoleBinding"])
        for (const binding of mesh.ofKind(kind)) yield* ofBinding(binding);
    for (const claim of mesh.ofKind("PersistentVolumeClaim"))
        yield {
            from: claim,
            field: claim.root.get("spec", "storageClassName"),
            kind: "StorageClass",
            name: claim.root.get("spec", "storageClassName").text(),
            namespace: undefined,
            otherwise: "the volume is never made, its pods wait",
        };
    for (const ingress of mesh.ofKind("Ingress"))
        for (const tls of ingress.root.get("spec", "tls").items())
            yield {
                from: ingress,
                field: tls.get("secretName"),
                kind: "Secret",
                name: tls.get("secretName").text(),
                namespace: ingress.namespace,
                otherwise: "the entrance has no certificate",
            };
}

function* ofPods(workload: Workload): Iterable<Reference> {
    const spec = podSpec(workload);
    const reference = (kind: string, field: Field, key?: Field): Reference => ({
        from: workload,
        field,
        kind,
        name: field.text(),
        namespace: kind === "PriorityClass" ? undefined : workload.namespace,
        otherwise: "the pods do not start",
        ...(key && { key }),
    });
    const optional = (field: Field): boolean => field.get("optional").value === true || field.get("optional").isUnknown;
    yield reference("ServiceAccount", spec.get("serviceAccountName"));
    if (!String(spec.get("priorityClassName").value).startsWith("system-"))
        yield reference("PriorityClass", spec.get("priorityClassName"));
    const claims = workload.root.get("spec", "volumeClaimTemplates").items();
    for (const volume of [...spec.get("volumes").items(), ...claims]) {
        const sources = [volume, ...volume.get("projected", "sources").items()];
        for (const source of sources) {
            const [config, secret] = [source.get("configMap"), source.get("secret")];
            if (config.isSet && !optional(config)) yield* withItems(config, reference, "ConfigMap", "name");
            if (secret.isSet && !optional(secret))
                yield* withItems(secret, reference, "Secret", source === volume ? "secretName" : "name");
        }
        yield reference("PersistentVolumeClaim", volume.get("persistentVolumeClaim", "claimName"));
    }
    for (const { field } of podContainers(workload)) {
        for (const source of field.get("envFrom").items())
            for (const [kind, name] of [
                ["ConfigMap", "configMapRef"],
                ["Secret", "secretRef"],
            ] as const)
                if (!optional(source.get(name))) yield reference(kind, source.get(name, "name"));
        for (const variable of field.get("env").items())
            for (const [kind, name] of [
                ["ConfigMap", "configMapKeyRef"],
                ["Secret", "secretKeyRef"],
            ] as const) {
                const from = variable.get("valueFrom", name);
                if (!optional(from)) yield reference(kind, from.get("name"), from.get("key"));
            }
    }
}

function* withItems(
    source: Field,
    reference: (kind: string, field: Field, key?: Field) => Reference,
    kind: string,
    name: string,
): Iterable<Reference> {
    yield reference(kind, source.get(name));
    for (const item of source.get("items").items()) yield reference(kind, source.get(name), item.get("key"));
}

function* ofScaler(scaler: MeshObject): Iterable<Reference> {
    const target = scaler.root.get("spec", "scaleTargetRef");
    const kind = target.get("kind").text();
    if (!isKnown(kind)) return;
    yield {
        from: scaler,
        field: target.get("name"),
        kind,
        name: target.get("name").text(),
        namespace: scaler.namespace,
        otherwise: "nothing is scaled",
    };
}

function* ofBinding(binding: MeshObject): Iterable<Reference> {
    const role = binding.root.get("roleRef");
    const kind = role.get("kind").text();
    const name = role.get("name").text();
    const isBuiltIn = typeof name === "string" && /^(cluster-admin|admin|edit|view|system:.*)$/.test(name);
    if (isKnown(kind) && !isBuiltIn)
        yield {
            from: binding,
            field: role.get("name"),
            kind,
            name,
            namespace: kind === "ClusterRole" ? undefined : binding.namespace,
            otherwise: "the binding gives no right",
        };
    for (const subject of binding.root.get("subjects").items())
        if (subject.get("kind").value === "ServiceAccount")
            yield {
                from: binding,
                field: subject.get("name"),
                kind: "ServiceAccount",
                name: subject.get("name").text(),
                namespace: subject.get("namespace").text() ?? binding.namespace,
                otherwise: "nobody has the rights that it gives",
            };
}
