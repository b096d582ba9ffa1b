import { ObjectClient } from "../api/client";
import { CancelledError } from "../api/errors";
import { follow } from "../api/follow";
import { describe, field, groupKind, KubernetesObject, ObjectReference, referenceTo, textField } from "../objects";
import { diagnose, podProblems, summarize } from "./diagnosis";
import { readiness } from "./readiness";
import { Readiness, READY } from "./state";

/** How often the problems of a workload's pods are looked up for the status line, in milliseconds. Readiness itself is watched. */
const EXPLAIN_INTERVAL_MS = 3000;

/** How long to wait when nothing else is said, in seconds: as with the official provider. */
export const DEFAULT_TIMEOUT_SECONDS = 600;

/** What a wait needs. */
export interface WaitOptions {
    /** Seconds. */
    timeout: number;
    /** Aborted when the update is cancelled. */
    cancelled: AbortSignal;
    /** Called with what is being waited for, each time that changes. */
    onStatus: (message: string) => void;
}

/** The object exists but has not become ready. */
export class NotReadyError extends Error {
    constructor(
        message: string,
        /** The object as it was last seen. */
        readonly object: KubernetesObject,
    ) {
        super(message);
    }
}

class TimeoutReached extends Error {}

/**
 * Waits until the object is ready.
 * @returns The object as it was then.
 * @throws NotReadyError when it fails, the time is over, or the wait is cancelled.
 */
export async function waitUntilReady(
    client: ObjectClient,
    applied: KubernetesObject,
    options: WaitOptions,
): Promise<KubernetesObject> {
    let latest = applied;
    let current = await assess(client, applied);
    if (current.state === "ready") return applied;
    const name = describe(referenceTo(applied));
    const { signal, timeout } = deadline(options);
    const status = new StatusLine(client, options.onStatus);
    try {
        for await (const object of follow(client, referenceTo(applied), signal, applied)) {
            if (!object) throw new NotReadyError(`${name} was deleted by somebody while waiting for it.`, latest);
            latest = object;
            current = await assess(client, object);
            if (current.state === "ready") return object;
            if (current.state === "failed") break;
            status.update(object, current.reason);
        }
    } catch (error) {
        if (error instanceof NotReadyError) throw error;
        if (error instanceof CancelledError) throw new NotReadyError(`${name}: ${error.message}`, latest);
        if (!(error instanceof TimeoutReached))
            throw new NotReadyError(`Lost sight of ${name}: ${(error as Error).message}`, latest);
    } finally {
        clearTimeout(timeout);
        status.stop();
    }
    const reason = current.state === "ready" ? "" : current.reason;
    const headline =
        current.state === "failed"
            ? `${name} failed: ${reason}`
            : `${name} is not ready after ${options.timeout} s: ${reason}`;
    throw new NotReadyError(
        [
            headline,
            ...(await diagnose(client, latest)).map((line) => `  ${line}`),
            `  ${advice(referenceTo(latest))}`,
        ].join("\n"),
        latest,
    );
}

function advice({ kind, name, namespace }: ObjectReference): string {
    const scope = namespace === undefined ? "" : ` -n ${namespace}`;
    return `Look: kubectl${scope} describe ${kind.toLowerCase()} ${name}. Correct the cause and run the same command again: it goes on from here.`;
}

/** Readiness, where a look at another object may be needed. */
async function assess(client: ObjectClient, object: KubernetesObject): Promise<Readiness> {
    const state = readiness(object);
    if (
        state.state === "waiting" &&
        groupKind(object) === "PersistentVolumeClaim" &&
        (await bindsAtFirstUse(client, object))
    )
        return READY;
    return state;
}

/** True when a claim is only bound once a pod uses it: waiting for it would be waiting for ever. */
async function bindsAtFirstUse(client: ObjectClient, claim: KubernetesObject): Promise<boolean> {
    const name = textField(claim, "spec", "storageClassName");
    if (name === undefined || name === "") return false;
    const storageClass = await client.get({ apiVersion: "storage.k8s.io/v1", kind: "StorageClass", name });
    return field(storageClass, "volumeBindingMode") === "WaitForFirstConsumer";
}

/**
 * Waits until the object is gone. An object of the same name with another uid counts as gone.
 * @throws Error when the time is over or the wait is cancelled.
 */
export async function waitUntilGone(
    client: ObjectClient,
    object: ObjectReference,
    uid: string | undefined,
    options: WaitOptions,
): Promise<void> {
    const name = describe(object);
    const { signal, timeout } = deadline(options);
    let finalizers = "";
    try {
        for await (const current of follow(client, object, signal)) {
            if (!current || (uid !== undefined && textField(current["metadata"], "uid") !== uid)) return;
            const list = field(current["metadata"], "finalizers");
            const now = Array.isArray(list) && list.length > 0 ? ` (finalizers: ${list.join(", ")})` : "";
            if (now !== finalizers || now === "") options.onStatus(`waiting until it is gone${now}`);
            finalizers = now;
        }
    } catch (error) {
        if (error instanceof TimeoutReached)
            throw new Error(
                `${name} still exists ${options.timeout} s after its deletion was asked for${finalizers}. ` +
                    "Find out what keeps it (its finalizers, or a controller that does not run), then run the same command again.",
            );
        if (error instanceof CancelledError) throw new Error(`${name} is being deleted. ${error.message}`);
        throw error;
    } finally {
        clearTimeout(timeout);
    }
}

/** A signal for both the end of the time and the user's cancellation. */
function deadline({ timeout: seconds, cancelled }: WaitOptions): { signal: AbortSignal; timeout: NodeJS.Timeout } {
    const controller = new AbortController();
    const timeout = setTimeout(() => controller.abort(new TimeoutReached()), seconds * 1000);
    return { signal: AbortSignal.any([controller.signal, cancelled]), timeout };
}

/** Tells the user what a wait is for: the object's own reason and, after a while, what holds its pods up. */
class StatusLine {
    private reason = "";
    private said = "";
    private object: KubernetesObject | undefined;
    private readonly timer: NodeJS.Timeout;

    constructor(
        private readonly client: ObjectClient,
        private readonly say: (message: string) => void,
    ) {
        this.timer = setInterval(() => void this.explain(), EXPLAIN_INTERVAL_MS).unref();
    }

    update(object: KubernetesObject, reason: string): void {
        this.object = object;
        if (reason === this.reason) return;
        this.reason = reason;
        this.print(`waiting: ${reason}`);
    }

    stop(): void {
        clearInterval(this.timer);
    }

    private async explain(): Promise<void> {
        if (!this.object) return;
        const problems = await podProblems(this.client, this.object).catch(() => []);
        if (problems.length > 0) this.print(`waiting: ${this.reason}; ${summarize(problems).join("; ")}`);
    }

    private print(message: string): void {
        if (message !== this.said) this.say(message);
        this.said = message;
    }
}
