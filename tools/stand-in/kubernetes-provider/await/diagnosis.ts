import { JsonObject } from "../../common/values";
import { ObjectClient } from "../api/client";
import { condition, field, groupKind, KubernetesObject, listField, numberField, textField } from "../objects";

/** At most this many pods and events are named in a message: enough to see the cause, little enough to read. */
const MOST = 4;

/** The label selector of the pods that belong to a workload, or undefined for other kinds. */
export function podSelector(object: KubernetesObject): string | undefined {
    if (!["apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "batch/Job"].includes(groupKind(object)))
        return undefined;
    const labels = field(object, "spec", "selector", "matchLabels") as JsonObject | undefined;
    return (
        labels &&
        Object.entries(labels)
            .map(([key, value]) => `${key}=${String(value)}`)
            .join(",")
    );
}

/** Why a pod is not ready; undefined when it is. */
export function podProblem(pod: JsonObject): string | undefined {
    const name = textField(pod, "metadata", "name");
    const phase = textField(pod, "status", "phase");
    if (phase === "Succeeded" || condition(pod, "Ready")?.["status"] === "True") return undefined;
    const containers = [
        ...listField(pod, "status", "initContainerStatuses"),
        ...listField(pod, "status", "containerStatuses"),
    ];
    for (const status of containers) {
        const container = `pod ${name}, container ${textField(status, "name")}`;
        const pending = field(status, "state", "waiting");
        const reason = textField(pending, "reason");
        if (reason !== undefined && reason !== "PodInitializing" && reason !== "ContainerCreating") {
            const last = field(status, "lastState", "terminated");
            const exit =
                last === undefined
                    ? ""
                    : `; it last ended with exit code ${numberField(last, 0, "exitCode")} (${textField(last, "reason")})`;
            return `${container}: ${reason}${colon(textField(pending, "message"))}${exit}`;
        }
        const ended = field(status, "state", "terminated");
        if (ended !== undefined && numberField(ended, 0, "exitCode") !== 0)
            return `${container}: ended with exit code ${numberField(ended, 0, "exitCode")}${colon(textField(ended, "message"))}`;
    }
    const scheduled = condition(pod, "PodScheduled");
    if (scheduled?.["status"] === "False") return `pod ${name}: not scheduled${colon(textField(scheduled, "message"))}`;
    const unready = containers.filter(
        (status) => status["ready"] !== true && field(status, "state", "running") !== undefined,
    );
    if (unready.length > 0)
        return `pod ${name}: running, but not ready: ${unready.map((status) => textField(status, "name")).join(", ")}`;
    return `pod ${name}: ${phase ?? "Pending"}`;
}

function colon(text: string | undefined): string {
    return text === undefined || text === "" ? "" : `: ${text.trim()}`;
}

/** The problems of a workload's (or of one pod's) pods, as they are now. */
export async function podProblems(client: ObjectClient, object: KubernetesObject): Promise<string[]> {
    const labelSelector = podSelector(object);
    const pods =
        groupKind(object) === "Pod"
            ? [object]
            : labelSelector === undefined
              ? []
              : await client.list(
                    { apiVersion: "v1", kind: "Pod", namespace: object.metadata.namespace },
                    { labelSelector },
                );
    return pods.map(podProblem).filter((problem) => problem !== undefined);
}

/** The newest warnings about an object, its replica sets or its pods, newest last. */
async function warningEvents(client: ObjectClient, object: KubernetesObject): Promise<string[]> {
    const events = await client.list(
        { apiVersion: "v1", kind: "Event", namespace: object.metadata.namespace ?? "default" },
        { fieldSelector: "type=Warning" },
    );
    const about = (event: JsonObject) => textField(event, "involvedObject", "name") ?? "";
    const mine = events.filter(
        (event) => about(event) === object.metadata.name || about(event).startsWith(`${object.metadata.name}-`),
    );
    const time = (event: JsonObject) => textField(event, "lastTimestamp") ?? textField(event, "eventTime") ?? "";
    mine.sort((a, b) => time(a).localeCompare(time(b)));
    const texts = mine.map((event) => {
        const subject = `${textField(event, "involvedObject", "kind")} ${about(event)}`;
        return `event ${textField(event, "reason")} on ${subject}${colon(textField(event, "message"))}`;
    });
    return [...new Set(texts)];
}

/** What the cluster says about an object that did not become ready: its pods' problems and the latest warnings. */
export async function diagnose(client: ObjectClient, object: KubernetesObject): Promise<string[]> {
    const [problems, events] = await Promise.all([
        podProblems(client, object).catch(() => []),
        warningEvents(client, object).catch(() => []),
    ]);
    return [...summarize(problems), ...events.slice(-MOST)];
}

/** The first few of a list, and how many more there are. */
export function summarize(list: readonly string[]): string[] {
    return list.length <= MOST ? [...list] : [...list.slice(0, MOST), `and ${list.length - MOST} more`];
}
