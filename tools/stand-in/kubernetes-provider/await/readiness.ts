import { JsonObject } from "../../common/values";
import { annotation, condition, groupKind, KubernetesObject, numberField, textField } from "../objects";
import { SKIP_AWAIT, WAIT_FOR } from "../annotations";
import { failed, Readiness, READY, waiting } from "./state";
import { parseWaitFor, waitForReadiness } from "./wait-for";

/** The first of these that is not ready; READY when all are. */
function firstOf(...states: (Readiness | false | undefined)[]): Readiness {
    return states.find((state): state is Readiness => !!state && state.state !== "ready") ?? READY;
}

function observed(object: JsonObject): Readiness {
    const generation = numberField(object, 0, "metadata", "generation");
    return numberField(object, -1, "status", "observedGeneration") >= generation
        ? READY
        : waiting("its controller has not seen it yet");
}

function deployment(object: JsonObject): Readiness {
    if ((object["spec"] as JsonObject | undefined)?.["paused"] === true) return READY;
    const replicas = numberField(object, 1, "spec", "replicas");
    const status = (name: string) => numberField(object, 0, "status", name);
    const progress = condition(object, "Progressing");
    return firstOf(
        observed(object),
        progress?.["reason"] === "ProgressDeadlineExceeded" &&
            failed(
                textField(progress, "message") ?? "it made no progress in the time that progressDeadlineSeconds allows",
            ),
        status("updatedReplicas") < replicas &&
            waiting(`${status("updatedReplicas")} of ${replicas} pods are of the new version`),
        status("replicas") > status("updatedReplicas") &&
            waiting(`${status("replicas") - status("updatedReplicas")} pods of the old version are ending`),
        status("availableReplicas") < replicas &&
            waiting(`${status("availableReplicas")} of ${replicas} pods are available`),
    );
}

function statefulSet(object: JsonObject): Readiness {
    const replicas = numberField(object, 1, "spec", "replicas");
    const partition = numberField(object, 0, "spec", "updateStrategy", "rollingUpdate", "partition");
    const status = (name: string) => numberField(object, 0, "status", name);
    const onDelete = textField(object, "spec", "updateStrategy", "type") === "OnDelete";
    const updated = textField(object, "status", "currentRevision") === textField(object, "status", "updateRevision");
    return firstOf(
        observed(object),
        status("readyReplicas") < replicas && waiting(`${status("readyReplicas")} of ${replicas} pods are ready`),
        !onDelete &&
            !updated &&
            status("updatedReplicas") < replicas - partition &&
            waiting(`${status("updatedReplicas")} of ${replicas - partition} pods are of the new version`),
    );
}

function daemonSet(object: JsonObject): Readiness {
    const status = (name: string) => numberField(object, 0, "status", name);
    const desired = status("desiredNumberScheduled");
    const onDelete = textField(object, "spec", "updateStrategy", "type") === "OnDelete";
    return firstOf(
        observed(object),
        !onDelete &&
            status("updatedNumberScheduled") < desired &&
            waiting(`${status("updatedNumberScheduled")} of ${desired} pods are of the new version`),
        status("numberAvailable") < desired && waiting(`${status("numberAvailable")} of ${desired} pods are available`),
    );
}

function job(object: JsonObject): Readiness {
    const failure = condition(object, "Failed");
    if (failure?.["status"] === "True") return failed(textField(failure, "message") ?? "the job failed");
    if (condition(object, "Complete")?.["status"] === "True") return READY;
    if ((object["spec"] as JsonObject | undefined)?.["suspend"] === true) return READY;
    const completions = numberField(object, 1, "spec", "completions");
    return waiting(`${numberField(object, 0, "status", "succeeded")} of ${completions} runs have succeeded`);
}

function pod(object: JsonObject): Readiness {
    const phase = textField(object, "status", "phase") ?? "Pending";
    if (phase === "Failed") return failed(textField(object, "status", "message") ?? "the pod failed");
    if (phase === "Succeeded" || condition(object, "Ready")?.["status"] === "True") return READY;
    return waiting(`the pod is ${phase === "Running" ? "running but not ready" : phase.toLowerCase()}`);
}

function phase(wanted: string): (object: JsonObject) => Readiness {
    return (object) => {
        const actual = textField(object, "status", "phase");
        return actual === wanted ? READY : waiting(`its phase is ${actual ?? "not set"}, not ${wanted}`);
    };
}

function service(object: JsonObject): Readiness {
    if (textField(object, "spec", "type") !== "LoadBalancer") return READY;
    const { ingress } = ((object["status"] as JsonObject | undefined)?.["loadBalancer"] ?? {}) as {
        ingress?: unknown[];
    };
    return ingress?.length ? READY : waiting("it has no load balancer address yet");
}

function customResourceDefinition(object: JsonObject): Readiness {
    const names = condition(object, "NamesAccepted");
    if (names?.["status"] === "False") return failed(textField(names, "message") ?? "its names are taken");
    return condition(object, "Established")?.["status"] === "True" ? READY : waiting("its API is not served yet");
}

/** What readiness means for each kind. Other kinds are ready as soon as the API server has accepted them. */
const BY_KIND: Readonly<Record<string, (object: JsonObject) => Readiness>> = {
    "apps/Deployment": deployment,
    "apps/StatefulSet": statefulSet,
    "apps/DaemonSet": daemonSet,
    "batch/Job": job,
    Pod: pod,
    Namespace: phase("Active"),
    PersistentVolumeClaim: phase("Bound"),
    Service: service,
    "apiextensions.k8s.io/CustomResourceDefinition": customResourceDefinition,
};

/** Whether the object is ready: as its `pulumi.com/waitFor` says, else as its kind does; at once with `pulumi.com/skipAwait`. */
export function readiness(object: KubernetesObject): Readiness {
    if (annotation(object, SKIP_AWAIT)?.toLowerCase() === "true") return READY;
    const waitFor = annotation(object, WAIT_FOR);
    if (waitFor !== undefined) return waitForReadiness(object, parseWaitFor(waitFor));
    return BY_KIND[groupKind(object)]?.(object) ?? READY;
}
