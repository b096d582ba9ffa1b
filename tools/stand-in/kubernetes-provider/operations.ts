import { EngineLog } from "../common/engine";
import { containsUnknown, JsonObject, UNKNOWN } from "../common/values";
import { DELETION_PROPAGATION, SKIP_AWAIT, TIMEOUT_SECONDS } from "./annotations";
import { isNamespacedBuiltIn } from "./api/builtin-kinds";
import { DeletionPropagation } from "./api/client";
import { ApiError, CancelledError, UnknownKindError, UnreachableError } from "./api/errors";
import { passingCondition, retry } from "./api/retry";
import { readiness } from "./await/readiness";
import { DEFAULT_TIMEOUT_SECONDS, waitUntilGone, waitUntilReady } from "./await/wait";
import { Cluster } from "./cluster";
import {
    isImmutableRefusal,
    mustDeleteFirst,
    PropertyChange,
    propertyChanges,
    refusedChanges,
    replacingChanges,
} from "./diff";
import { annotation, describe, groupKind, KubernetesObject, ObjectReference, referenceTo, textField } from "./objects";
import { FIELD_MANAGER, manifestOf } from "./state";

/** What an operation works on. */
export interface Target {
    urn: string;
    /** Field manager of the declared fields. */
    fieldManager: string;
    /** Seconds that the program allows (customTimeouts); 0: it does not say. */
    timeout: number;
}

/** A change between two versions of a resource's inputs, and whether it makes a new object necessary. */
export interface Difference {
    changes: { change: PropertyChange; replaces: boolean }[];
    deleteBeforeReplace: boolean;
}

/** The operations on Kubernetes objects, without the wire protocol. */
export class Operations {
    private toldUnreachable = false;

    constructor(
        private readonly cluster: Cluster,
        private readonly log: EngineLog,
        private readonly cancelled: AbortSignal,
    ) {}

    /** Compares inputs; asks the API server (dry run) whether it would accept the change when that cannot be told otherwise. */
    async diff(before: JsonObject, after: JsonObject): Promise<Difference> {
        const changes = propertyChanges(before, after);
        let replacing: readonly PropertyChange[] = replacingChanges(after, before, changes);
        if (changes.length > 0 && replacing.length === 0 && !containsUnknown(after))
            replacing = await this.refused(after, changes);
        return {
            changes: changes.map((change) => ({ change, replaces: replacing.includes(change) })),
            deleteBeforeReplace: replacing.length > 0 && mustDeleteFirst(before, after),
        };
    }

    private async refused(after: JsonObject, changes: readonly PropertyChange[]): Promise<readonly PropertyChange[]> {
        if (await this.cluster.unreachable()) return [];
        try {
            await this.cluster.client.apply(manifestOf(after), { fieldManager: FIELD_MANAGER, dryRun: true });
        } catch (error) {
            if (error instanceof ApiError && isImmutableRefusal(error.status, error.message))
                return refusedChanges(changes, error.causes);
        }
        return [];
    }

    /**
     * The object as it would become. With a reachable cluster the API server is asked (dry run), so that what it would refuse
     * is found in the preview.
     * @throws ApiError when the API server would refuse the object.
     */
    async preview(target: Target, inputs: JsonObject, before?: JsonObject): Promise<JsonObject> {
        const declared = before === undefined ? { ...inputs, status: UNKNOWN } : { ...before, ...inputs };
        if (containsUnknown(inputs) || textField(inputs["metadata"], "name") === undefined) return declared;
        const unreachable = await this.cluster.unreachable();
        if (unreachable) {
            if (!this.toldUnreachable)
                this.log.info(
                    "",
                    `Preview without the cluster, from the declared inputs alone: ${unreachable.message}`,
                );
            this.toldUnreachable = true;
            return declared;
        }
        try {
            const { object } = await this.cluster.client.apply(manifestOf(inputs), {
                fieldManager: target.fieldManager,
                dryRun: true,
            });
            return before === undefined ? declared : object;
        } catch (error) {
            if (passingCondition(error) || (error instanceof ApiError && error.status === 404)) return declared;
            // The object that is to be replaced is still there in a preview: what it cannot become, its successor can.
            if (before === undefined && error instanceof ApiError && isImmutableRefusal(error.status, error.message))
                return declared;
            throw explain(error, manifestOf(inputs));
        }
    }

    /**
     * Creates or changes the object and waits until it is ready.
     * @throws NotReadyError when it exists but did not become ready.
     */
    async apply(target: Target, inputs: JsonObject): Promise<KubernetesObject> {
        const applied = await this.submit(target, manifestOf(inputs));
        if (this.cluster.settings.skipAwait && annotation(applied, SKIP_AWAIT) === undefined) return applied;
        return waitUntilReady(this.cluster.client, applied, {
            timeout: timeoutSeconds(target.timeout, applied),
            cancelled: this.cancelled,
            onStatus: (message) => this.log.status(target.urn, message),
        });
    }

    private async submit(target: Target, manifest: KubernetesObject): Promise<KubernetesObject> {
        const { client } = this.cluster;
        const options = { fieldManager: target.fieldManager };
        try {
            return await retry(
                async () => {
                    if (textField(manifest["metadata"], "name") === undefined) return client.create(manifest, options);
                    const { object, warnings } = await client.apply(manifest, options);
                    for (const warning of warnings) this.log.warn(target.urn, warning);
                    return object;
                },
                { signal: this.cancelled, onWait: (message) => this.log.status(target.urn, message) },
            );
        } catch (error) {
            throw explain(error, manifest);
        }
    }

    /** The object as it is, or undefined when there is none; whether it is ready too. */
    async read(
        target: Target,
        reference: ObjectReference,
    ): Promise<{ object: KubernetesObject; notReady?: string } | undefined> {
        const object = await retry(() => this.cluster.client.get(reference), {
            signal: this.cancelled,
            onWait: (message) => this.log.status(target.urn, message),
        });
        if (!object) return undefined;
        const state = this.cluster.settings.skipAwait ? undefined : readiness(object);
        return state && state.state !== "ready"
            ? { object, notReady: `${describe(reference)} is not ready: ${state.reason}` }
            : { object };
    }

    /** Deletes the object and waits until it is gone. An object that does not exist is no error. */
    async delete(target: Target, object: KubernetesObject): Promise<void> {
        const reference = referenceTo(object);
        const wait = annotation(object, SKIP_AWAIT)?.toLowerCase() !== "true" && !this.cluster.settings.skipAwait;
        try {
            const onWait = (message: string) => this.log.status(target.urn, message);
            const existed = await retry(() => this.cluster.client.delete(reference, propagationOf(object)), {
                signal: this.cancelled,
                onWait,
            });
            if (!existed || !wait) return;
            await waitUntilGone(this.cluster.client, reference, textField(object.metadata, "uid"), {
                timeout: timeoutSeconds(target.timeout, object),
                cancelled: this.cancelled,
                onStatus: onWait,
            });
        } catch (error) {
            if (!(error instanceof UnreachableError)) throw error;
            if (!this.cluster.settings.deleteUnreachable)
                throw new Error(
                    `${error.message} If the cluster is gone for good: set PULUMI_K8S_DELETE_UNREACHABLE=true to forget its objects.`,
                );
            this.log.warn(
                target.urn,
                `${describe(reference)} is forgotten without being deleted: its cluster does not answer.`,
            );
        }
    }
}

/** How long to wait for an object, in seconds: as the program says, else as its annotation says, else the default. */
export function timeoutSeconds(custom: number, object: JsonObject): number {
    if (custom > 0) return custom;
    const annotated = Number(annotation(object, TIMEOUT_SECONDS));
    return annotated > 0 ? annotated : DEFAULT_TIMEOUT_SECONDS;
}

/** Built-in kinds whose objects own others that do work: their deletion is complete when those are gone. */
const OWNERS = new Set([
    "apps/Deployment",
    "apps/ReplicaSet",
    "apps/StatefulSet",
    "apps/DaemonSet",
    "batch/Job",
    "batch/CronJob",
    "ReplicationController",
]);

/**
 * What happens to an object's dependents: as its annotation says; else they are deleted first where there can be any. For other
 * built-in kinds that would only cost time: the garbage collector handles about 20 objects a second.
 */
export function propagationOf(object: KubernetesObject): DeletionPropagation {
    const wanted = annotation(object, DELETION_PROPAGATION)?.toLowerCase();
    if (wanted === "background") return "Background";
    if (wanted === "orphan") return "Orphan";
    if (wanted === "foreground") return "Foreground";
    const builtIn = isNamespacedBuiltIn(object.apiVersion, object.kind) !== undefined;
    return builtIn && !OWNERS.has(groupKind(object)) ? "Background" : "Foreground";
}

/** The API server's refusal, with the object that it is about. Other errors stay as they are. */
function explain(error: unknown, object: KubernetesObject): unknown {
    if (error instanceof CancelledError || error instanceof UnreachableError || error instanceof UnknownKindError)
        return error;
    if (!(error instanceof ApiError)) return error;
    return new ApiError(
        error.status,
        `The API server refused ${describe(referenceTo(object))}: ${error.message}`,
        error.reason,
        error.causes,
    );
}
