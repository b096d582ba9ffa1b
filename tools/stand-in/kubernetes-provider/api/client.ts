import { JsonObject } from "../../common/values";
import { KubernetesObject, ObjectReference, referenceTo, textField } from "../objects";
import { apiRoot, Discovery } from "./discovery";
import { ApiError, isGone } from "./errors";
import { ApiConnection } from "./http";

/** What happens to an object's dependents when it is deleted. */
export type DeletionPropagation = "Background" | "Foreground" | "Orphan";

/** A change that a watch reports. */
interface WatchEvent {
    type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
    object: JsonObject;
}

/** How to apply an object. */
export interface ApplyOptions {
    fieldManager: string;
    /** Validate and admit, but change nothing. */
    dryRun?: boolean;
}

/** Reads and changes objects of any kind. */
export class ObjectClient {
    private readonly discovery: Discovery;

    constructor(readonly connection: ApiConnection) {
        this.discovery = new Discovery(connection);
    }

    /** True when the kind belongs to a namespace. */
    async isNamespaced(apiVersion: string, kind: string): Promise<boolean> {
        return (await this.discovery.find(apiVersion, kind)).namespaced;
    }

    /** Server-side apply: the object becomes as declared, fields that others own excepted. Takes over fields in conflict. */
    async apply(
        object: KubernetesObject,
        options: ApplyOptions,
    ): Promise<{ object: KubernetesObject; warnings: string[] }> {
        const { body, warnings } = await this.connection.send<KubernetesObject>({
            method: "PATCH",
            path: await this.path(referenceTo(object)),
            query: {
                fieldManager: options.fieldManager,
                force: "true",
                fieldValidation: "Warn",
                dryRun: options.dryRun ? "All" : undefined,
            },
            contentType: "application/apply-patch+yaml",
            body: object,
        });
        return { object: body, warnings };
    }

    /** Creates an object that the API server names (generateName). */
    async create(
        object: JsonObject & Pick<KubernetesObject, "apiVersion" | "kind">,
        options: ApplyOptions,
    ): Promise<KubernetesObject> {
        const { apiVersion, kind, metadata } = object;
        const { body } = await this.connection.send<KubernetesObject>({
            method: "POST",
            path: await this.path({ apiVersion, kind, name: "", namespace: textField(metadata, "namespace") }),
            query: { fieldManager: options.fieldManager, dryRun: options.dryRun ? "All" : undefined },
            body: object,
        });
        return body;
    }

    /** The object, or undefined when there is none. */
    async get(reference: ObjectReference, signal?: AbortSignal): Promise<KubernetesObject | undefined> {
        try {
            return (
                await this.connection.send<KubernetesObject>({
                    method: "GET",
                    path: await this.path(reference),
                    signal,
                })
            ).body;
        } catch (error) {
            if (isGone(error)) return undefined;
            throw error;
        }
    }

    /** The objects of a kind in a namespace, chosen by labels or fields. */
    async list(
        reference: Omit<ObjectReference, "name">,
        selector: { labelSelector?: string; fieldSelector?: string } = {},
    ): Promise<JsonObject[]> {
        const path = await this.path({ ...reference, name: "" });
        return (await this.connection.send<{ items: JsonObject[] }>({ method: "GET", path, query: selector })).body
            .items;
    }

    /** Asks for the object's deletion; false when there is none. */
    async delete(reference: ObjectReference, propagationPolicy: DeletionPropagation): Promise<boolean> {
        try {
            await this.connection.send({
                method: "DELETE",
                path: await this.path(reference),
                body: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy },
            });
            return true;
        } catch (error) {
            if (isGone(error)) return false;
            throw error;
        }
    }

    /** The object after each change that follows `resourceVersion`; undefined when it was deleted. Ends when the server ends the watch. */
    async *watch(
        reference: ObjectReference,
        resourceVersion: string | undefined,
        signal?: AbortSignal,
    ): AsyncGenerator<KubernetesObject | undefined> {
        const events = this.connection.stream<WatchEvent>({
            method: "GET",
            path: await this.path({ ...reference, name: "" }),
            query: {
                watch: "true",
                fieldSelector: `metadata.name=${reference.name}`,
                resourceVersion,
                timeoutSeconds: "300",
            },
            timeout: 310_000,
            signal,
        });
        for await (const { type, object } of events) {
            if (type === "ERROR") throw ApiError.from(Number(object["code"]), JSON.stringify(object));
            if (type === "DELETED") yield undefined;
            else if (type !== "BOOKMARK") yield object as KubernetesObject;
        }
    }

    private async path({ apiVersion, kind, name, namespace }: ObjectReference): Promise<string> {
        const { plural, namespaced } = await this.discovery.find(apiVersion, kind);
        const scope = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
        return `${apiRoot(apiVersion)}${scope}/${plural}${name === "" ? "" : `/${encodeURIComponent(name)}`}`;
    }
}
