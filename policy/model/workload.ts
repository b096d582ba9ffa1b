import type { Field } from "./field";
import { label, type Labels, readLabels } from "./labels";
import { MeshObject, type SourceObject } from "./object";
import { all, any, type Answer, isKnown, type Maybe, same, UNKNOWN, type Unknown } from "./unknown";

/** A port that a container declares. */
export interface ContainerPort {
    readonly number: Maybe<number>;
    readonly name: Maybe<string>;
    readonly field: Field;
}

/** A container of a workload's pods. */
export interface Container {
    readonly name: Maybe<string>;
    readonly image: Maybe<string>;
    /** Arguments, `command` first; an element or the whole may be unknown. */
    readonly arguments: readonly Maybe<string>[] | Unknown;
    readonly ports: readonly ContainerPort[];
    readonly field: Field;
}

/** The kinds that make pods, and where each keeps its pod template. */
const POD_TEMPLATES: Readonly<Record<string, readonly string[]>> = {
    Deployment: ["spec", "template"],
    StatefulSet: ["spec", "template"],
    DaemonSet: ["spec", "template"],
    ReplicaSet: ["spec", "template"],
    Rollout: ["spec", "template"],
    Job: ["spec", "template"],
    CronJob: ["spec", "jobTemplate", "spec", "template"],
    Pod: [],
};

/** Something that makes pods: a Deployment, StatefulSet, DaemonSet, Job, ... or a single Pod. */
export class Workload extends MeshObject {
    /** The pod template (of a Pod: the pod itself). */
    readonly template: Field;
    /** Labels of the pods. */
    readonly labels: Labels;
    readonly annotations: Labels;
    readonly containers: readonly Container[];
    /** Number of pods; a Deployment that names none has 1, a DaemonSet one per node (undefined). */
    readonly replicas: Maybe<number>;

    constructor(source: SourceObject) {
        super(source);
        this.template = this.root.get(...(POD_TEMPLATES[this.kind] ?? []));
        this.labels = readLabels(this.template.get("metadata", "labels"));
        this.annotations = readLabels(this.template.get("metadata", "annotations"));
        this.containers = this.template.get("spec", "containers").items().map(readContainer);
        this.replicas = this.kind === "DaemonSet" ? undefined : (this.root.get("spec", "replicas").number() ?? 1);
    }

    static accepts(kind: string): boolean {
        return kind in POD_TEMPLATES;
    }

    /** The selector that ties a controller to its pods; a Job's is made by Kubernetes. */
    get selector(): Field | undefined {
        return ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout"].includes(this.kind)
            ? this.root.get("spec", "selector")
            : undefined;
    }

    /** Whether it is a part of Istio: a gateway proxy (its ports follow the Gateway objects) or the control plane. */
    get isIstio(): Answer {
        const names = this.containers.map(({ name }) => name);
        const isNamed = (name: Maybe<string>, wanted: string): Answer => same<string>(name, wanted);
        return any([
            same<string>(label(this.annotations, "inject.istio.io/templates"), "gateway"),
            any(names.map((name) => isNamed(name, "discovery"))),
            names.length > 0 ? all(names.map((name) => isNamed(name, "istio-proxy"))) : "no",
            this.template.get("spec", "containers").isPartial ? "maybe" : "no",
        ]);
    }

    /** What the pod itself says about injection: label `sidecar.istio.io/inject` (the annotation is its older form). */
    get injectionWish(): Maybe<boolean> {
        const key = "sidecar.istio.io/inject";
        const wish = label(this.labels, key) ?? label(this.annotations, key);
        return isKnown(wish) ? wish === "true" : wish;
    }

    /** Whether the pods' sidecar is already written into the template (`istioctl kube-inject`). */
    get hasSidecar(): boolean {
        const init = this.template.get("spec", "initContainers").items();
        return [...this.containers.map(({ name }) => name), ...init.map((field) => field.get("name").text())].includes(
            "istio-proxy",
        );
    }

    /** Container ports, or UNKNOWN when they cannot be listed. */
    get ports(): readonly ContainerPort[] | Unknown {
        const fields = [
            this.template.get("spec", "containers"),
            ...this.containers.map(({ field }) => field.get("ports")),
            // A native sidecar is an init container that keeps running; its ports count as well.
            ...this.template
                .get("spec", "initContainers")
                .items()
                .map((field) => field.get("ports")),
        ];
        if (fields.some((field) => field.isPartial)) return UNKNOWN;
        const init = this.template.get("spec", "initContainers").items().map(readContainer);
        return [...this.containers, ...init].flatMap(({ ports }) => ports);
    }
}

function readContainer(field: Field): Container {
    const command = field.get("command");
    const args = field.get("args");
    return {
        name: field.get("name").text(),
        image: field.get("image").text(),
        arguments:
            command.isUnknown || args.isUnknown
                ? UNKNOWN
                : [...command.items(), ...args.items()].map((item) => item.text()),
        ports: field
            .get("ports")
            .items()
            .map((port) => ({
                number: port.get("containerPort").number(),
                name: port.get("name").text(),
                field: port,
            })),
        field,
    };
}
