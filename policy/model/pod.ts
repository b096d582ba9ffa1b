import type { Field } from "./field";
import type { Mesh } from "./mesh";
import { type Maybe, UNKNOWN } from "./unknown";
import type { Workload } from "./workload";

/** A container of a pod, of whichever kind. */
export interface PodContainer {
    readonly name: Maybe<string>;
    readonly image: Maybe<string>;
    /** `containers`: serves; `initContainers`: runs before; `ephemeralContainers`: added to look into the pod. */
    readonly list: (typeof LISTS)[number];
    /** Whether the sidecar injector makes the container: it writes image and probes, and keeps what is set. */
    readonly isInjected: boolean;
    readonly field: Field;
}

const LISTS = ["containers", "initContainers", "ephemeralContainers"] as const;

/** `spec` of a workload's pods. */
export function podSpec({ template }: Workload): Field {
    return template.get("spec");
}

/** Every container of a workload's pods. */
export function podContainers(workload: Workload): PodContainer[] {
    const spec = podSpec(workload);
    return LISTS.flatMap((list) =>
        spec
            .get(list)
            .items()
            .map((field) => ({
                name: field.get("name").text(),
                image: field.get("image").text(),
                list,
                isInjected: field.get("image").value === "auto",
                field,
            })),
    );
}

/** Containers that keep running beside each other: not those that run once before. */
export function runningContainers(workload: Workload): PodContainer[] {
    return podContainers(workload).filter(
        ({ list, field }) =>
            list === "containers" || (list === "initContainers" && field.get("restartPolicy").value === "Always"),
    );
}

/** A field of a container's security context; where the container does not set it, the pod's, if that sets it. */
export function inheritedSecurity(workload: Workload, { field }: PodContainer, ...keys: string[]): Field {
    const own = field.get("securityContext", ...keys);
    const inherited = podSpec(workload).get("securityContext", ...keys);
    return own.isSet || !inherited.isSet ? own : inherited;
}

/** Whether a workload's pods run until they are stopped, rather than to an end. */
export function isServing({ kind }: Workload): boolean {
    return kind !== "Job" && kind !== "CronJob";
}

/** Name of the pods' ServiceAccount; Kubernetes' own is `default`. */
export function serviceAccountOf(workload: Workload): Maybe<string> {
    const name = podSpec(workload).get("serviceAccountName");
    return name.isUnknown ? UNKNOWN : (name.text() ?? "default");
}

/** Whether the pods' own arguments and variables, or a ConfigMap of their namespace, tell a number: a port that they may listen on. */
export function isSpokenOf(mesh: Mesh, workload: Workload, number: unknown): boolean {
    const pattern = new RegExp(`(?<!\\d)${String(number)}(?!\\d)`);
    const own = podContainers(workload).flatMap(({ field }) =>
        ["args", "command", "env"].map((key) => field.get(key).value),
    );
    const maps = mesh
        .ofKind("ConfigMap")
        .filter(({ namespace }) => namespace === workload.namespace)
        .map(({ root }) => root.get("data").value);
    return [...own, ...maps].some((value) => pattern.test(JSON.stringify(value) ?? ""));
}
