import { setMaxListeners } from "node:events";
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { EngineLog } from "../common/engine";
import { RpcError, unary } from "../common/plugin-server";
import { fromStruct, toStruct } from "../common/struct";
import { nameOf, typeOf } from "../common/urn";
import { equal, formatPath, JsonObject, reveal, Revealed } from "../common/values";
import { CancelledError } from "./api/errors";
import { clusterIdentity } from "./api/kubeconfig";
import { NotReadyError } from "./await/wait";
import { Autonaming, checkInputs, notOffered } from "./check";
import { Cluster } from "./cluster";
import { idOf, KubernetesObject, ObjectReference, parseId, referenceTo, textField } from "./objects";
import { Operations } from "./operations";
import { partialFailure } from "./partial-failure";
import { parseSettings, Settings } from "./settings";
import {
    concealInputs,
    concealOutputs,
    FIELD_MANAGER,
    fieldManagerIn,
    inputsFromLive,
    inputsIn,
    manifestOf,
    outputsOf,
} from "./state";

type StructField = ReturnType<typeof toStruct>;

/** What the provider needs from the process that it runs in. */
export interface ProviderContext {
    version: string;
    log: EngineLog;
    /** Ends every wait when aborted. */
    cancellation: AbortController;
}

/** pulumirpc.ResourceProvider for Kubernetes objects. */
export class KubernetesProvider {
    private operations: Operations | undefined;
    private cluster: Cluster | undefined;

    constructor(private readonly context: ProviderContext) {
        // Every wait and request listens to this one signal: many listeners are no leak here.
        setMaxListeners(0, context.cancellation.signal);
    }

    /** The handlers of the gRPC service. */
    handlers(): grpc.UntypedServiceImplementation {
        const { version, cancellation } = this.context;
        return {
            handshake: unary(() =>
                new pb.ProviderHandshakeResponse().setAcceptSecrets(true).setSupportsAutonamingConfiguration(true),
            ),
            getPluginInfo: unary(() => new plugin.PluginInfo().setVersion(version)),
            getSchema: unary(() =>
                new pb.GetSchemaResponse().setSchema(JSON.stringify({ name: "kubernetes", version })),
            ),
            attach: unary(() => new Empty()),
            getMapping: unary(() => new pb.GetMappingResponse()),
            getMappings: unary(() => new pb.GetMappingsResponse()),
            checkConfig: unary((request: pb.CheckRequest) => this.checkConfig(request)),
            diffConfig: unary((request: pb.DiffRequest) => this.diffConfig(request)),
            configure: unary((request: pb.ConfigureRequest) => this.configure(request)),
            check: unary((request: pb.CheckRequest) => this.check(request)),
            diff: unary((request: pb.DiffRequest) => this.diff(request)),
            create: unary((request: pb.CreateRequest) => this.create(request)),
            update: unary((request: pb.UpdateRequest) => this.update(request)),
            read: unary((request: pb.ReadRequest) => this.read(request)),
            delete: unary((request: pb.DeleteRequest) => this.delete(request)),
            cancel: unary(() => {
                cancellation.abort(new CancelledError());
                return new Empty();
            }),
            construct: unary((request: pb.ConstructRequest) => refuse(request.getType())),
            invoke: unary((request: pb.InvokeRequest) => refuse(request.getTok())),
            call: unary((request: pb.CallRequest) => refuse(request.getTok())),
            parameterize: unary(() => refuse("parameterized packages")),
        };
    }

    private checkConfig(request: pb.CheckRequest): pb.CheckResponse {
        const response = new pb.CheckResponse().setInputs(request.getNews());
        try {
            parseSettings(reveal(fromStruct(request.getNews())).value);
        } catch (error) {
            response.addFailures(new pb.CheckFailure().setReason((error as Error).message));
        }
        return response;
    }

    /** Another cluster means other objects: every resource is then replaced. A new certificate or token does not. */
    private diffConfig(request: pb.DiffRequest): pb.DiffResponse {
        const before = reveal(fromStruct(request.getOldInputs() ?? request.getOlds())).value;
        const after = reveal(fromStruct(request.getNews())).value;
        const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
        const changed = keys.filter(
            (key) => !key.startsWith("__") && key !== "version" && !equal(before[key], after[key]),
        );
        const response = new pb.DiffResponse().setDiffsList(changed);
        response.setChanges(
            changed.length > 0 ? pb.DiffResponse.DiffChanges.DIFF_SOME : pb.DiffResponse.DiffChanges.DIFF_NONE,
        );
        if (changed.length > 0 && pointsElsewhere(before, after))
            response.setReplacesList(changed.filter((key) => ["kubeconfig", "context", "cluster"].includes(key)));
        return response;
    }

    private configure(request: pb.ConfigureRequest): pb.ConfigureResponse {
        this.cluster = new Cluster(parseSettings(reveal(fromStruct(request.getArgs())).value));
        this.operations = new Operations(this.cluster, this.context.log, this.context.cancellation.signal);
        return new pb.ConfigureResponse()
            .setAcceptsecrets(true)
            .setSupportspreview(true)
            .setSupportsAutonamingConfiguration(true);
    }

    private async check(request: pb.CheckRequest): Promise<pb.CheckResponse> {
        const { value: news, secrets } = reveal(fromStruct(request.getNews()));
        const cluster = this.configured(this.cluster);
        const { inputs, failures } = await checkInputs(news, {
            name: nameOf(request.getUrn()),
            type: typeOf(request.getUrn()),
            before: reveal(fromStruct(request.getOlds())).value,
            seed: request.getRandomseed_asU8(),
            autonaming: autonamingOf(request),
            defaultNamespace: cluster.namespace,
            isNamespaced: (apiVersion, kind) => cluster.isNamespaced(apiVersion, kind),
        });
        const response = new pb.CheckResponse().setInputs(struct(concealInputs(inputs, secrets)));
        for (const { property, reason } of failures)
            response.addFailures(new pb.CheckFailure().setProperty(property).setReason(reason));
        return response;
    }

    private async diff(request: pb.DiffRequest): Promise<pb.DiffResponse> {
        const outputs = reveal(fromStruct(request.getOlds())).value;
        const oldInputs = request.getOldInputs();
        const before = oldInputs ? reveal(fromStruct(oldInputs)).value : (inputsIn(outputs) ?? outputs);
        const after = reveal(fromStruct(request.getNews())).value;
        const { changes, deleteBeforeReplace } = await this.ready().diff(before, after);
        const response = new pb.DiffResponse().setHasdetaileddiff(true).setDeletebeforereplace(deleteBeforeReplace);
        response.setChanges(
            changes.length > 0 ? pb.DiffResponse.DiffChanges.DIFF_SOME : pb.DiffResponse.DiffChanges.DIFF_NONE,
        );
        response.setDiffsList([...new Set(changes.map(({ change }) => String(change.path[0])))]);
        response.setReplacesList(
            changes.filter(({ replaces }) => replaces).map(({ change }) => formatPath(change.path)),
        );
        const detailed = response.getDetaileddiffMap();
        for (const { change, replaces } of changes)
            detailed.set(
                formatPath(change.path),
                new pb.PropertyDiff().setKind(diffKind(change.kind, replaces)).setInputdiff(true),
            );
        return response;
    }

    private async create(request: pb.CreateRequest): Promise<pb.CreateResponse> {
        const revealed = reveal(fromStruct(request.getProperties()));
        const target = { urn: request.getUrn(), fieldManager: FIELD_MANAGER, timeout: request.getTimeout() };
        if (request.getPreview()) {
            const planned = await this.ready().preview(target, revealed.value);
            return new pb.CreateResponse().setProperties(this.outputs(planned, revealed, FIELD_MANAGER));
        }
        const object = await this.applied(target, revealed);
        return new pb.CreateResponse()
            .setId(idOf(referenceTo(object)))
            .setProperties(this.outputs(object, revealed, FIELD_MANAGER));
    }

    private async update(request: pb.UpdateRequest): Promise<pb.UpdateResponse> {
        const revealed = reveal(fromStruct(request.getNews()));
        const before = reveal(fromStruct(request.getOlds())).value;
        const fieldManager = fieldManagerIn(before);
        const target = { urn: request.getUrn(), fieldManager, timeout: request.getTimeout() };
        const object = request.getPreview()
            ? await this.ready().preview(target, revealed.value, before)
            : await this.applied(target, revealed);
        return new pb.UpdateResponse().setProperties(this.outputs(object, revealed, fieldManager));
    }

    private async applied(
        target: { urn: string; fieldManager: string; timeout: number },
        revealed: Revealed,
    ): Promise<KubernetesObject> {
        try {
            return await this.ready().apply(target, revealed.value);
        } catch (error) {
            if (!(error instanceof NotReadyError)) throw error;
            throw this.incomplete(error.object, revealed, target.fieldManager, error.message);
        }
    }

    private async read(request: pb.ReadRequest): Promise<pb.ReadResponse> {
        const outputs = reveal(fromStruct(request.getProperties()));
        const declared = reveal(fromStruct(request.getInputs()));
        const reference = referenceFor(request.getUrn(), request.getId(), outputs.value);
        const fieldManager = fieldManagerIn(outputs.value);
        const found = await this.ready().read({ urn: request.getUrn(), fieldManager, timeout: 0 }, reference);
        if (!found) return new pb.ReadResponse();
        const known = inputsIn(outputs.value) ?? (Object.keys(declared.value).length > 0 ? declared.value : undefined);
        const inputs = known ? inputsFromLive(known, outputs.value, found.object) : importedInputs(found.object);
        const secrets = known === declared.value ? declared.secrets : inputSecrets(outputs);
        const revealed = { value: inputs, secrets };
        if (found.notReady !== undefined) throw this.incomplete(found.object, revealed, fieldManager, found.notReady);
        return new pb.ReadResponse()
            .setId(idOf(reference))
            .setProperties(this.outputs(found.object, revealed, fieldManager))
            .setInputs(struct(concealInputs(inputs, secrets)));
    }

    private async delete(request: pb.DeleteRequest): Promise<Empty> {
        const outputs = reveal(fromStruct(request.getProperties())).value;
        const { name, namespace, apiVersion, kind } = referenceFor(request.getUrn(), request.getId(), outputs);
        const metadata = {
            ...(outputs["metadata"] as JsonObject | undefined),
            name,
            ...(namespace === undefined ? {} : { namespace }),
        };
        const target = { urn: request.getUrn(), fieldManager: FIELD_MANAGER, timeout: request.getTimeout() };
        await this.ready().delete(target, { ...outputs, apiVersion, kind, metadata });
        return new Empty();
    }

    private outputs(object: JsonObject, { value: inputs, secrets }: Revealed, fieldManager: string): StructField {
        return struct(concealOutputs(outputsOf(object, inputs, fieldManager), inputs, secrets));
    }

    private incomplete(object: KubernetesObject, revealed: Revealed, fieldManager: string, reason: string): RpcError {
        const { value: inputs, secrets } = revealed;
        const outputs = concealOutputs(outputsOf(object, inputs, fieldManager), inputs, secrets);
        return partialFailure(idOf(referenceTo(object)), outputs, concealInputs(inputs, secrets), reason);
    }

    private ready(): Operations {
        return this.configured(this.operations);
    }

    private configured<T>(value: T | undefined): T {
        if (value === undefined)
            throw new RpcError(grpc.status.FAILED_PRECONDITION, "The kubernetes provider is not configured yet.");
        return value;
    }
}

const struct = (properties: JsonObject): StructField => toStruct(properties);

function refuse(what: string): never {
    throw new RpcError(
        grpc.status.UNIMPLEMENTED,
        notOffered(what) ??
            `The stand-in kubernetes provider does not offer ${what}. Register each object as a resource of its own, or use the official provider.`,
    );
}

function diffKind(kind: "add" | "delete" | "update", replaces: boolean): pb.PropertyDiff.Kind {
    const { Kind } = pb.PropertyDiff;
    if (kind === "add") return replaces ? Kind.ADD_REPLACE : Kind.ADD;
    if (kind === "delete") return replaces ? Kind.DELETE_REPLACE : Kind.DELETE;
    return replaces ? Kind.UPDATE_REPLACE : Kind.UPDATE;
}

function autonamingOf(request: pb.CheckRequest): Autonaming | undefined {
    const options = request.getAutonaming();
    if (!options) return undefined;
    const { Mode } = pb.CheckRequest.AutonamingOptions;
    const mode = options.getMode();
    return {
        mode: mode === Mode.DISABLE ? "disable" : mode === Mode.ENFORCE ? "enforce" : "propose",
        name: options.getProposedName(),
    };
}

/** True when the options select another cluster than before, as far as the kubeconfigs show. */
function pointsElsewhere(before: JsonObject, after: JsonObject): boolean {
    const identity = (options: JsonObject): string | undefined => {
        let settings: Settings;
        try {
            settings = parseSettings(options);
        } catch {
            return undefined;
        }
        return settings.unknown ? undefined : clusterIdentity(settings);
    };
    const [old, now] = [identity(before), identity(after)];
    return old !== undefined && now !== undefined && old !== now;
}

/** The object that a resource stands for: as its outputs say, else as its type and id do (import, get). */
function referenceFor(urn: string, id: string, outputs: JsonObject): ObjectReference {
    const [, group = "", kind = ""] = typeOf(urn).split(":");
    return {
        apiVersion: textField(outputs, "apiVersion") ?? group.replace(/^core\//, ""),
        kind: textField(outputs, "kind") ?? kind,
        ...parseId(id),
    };
}

/** The inputs for an object that the program has not declared yet: what its owner wrote, not what the server added. */
function importedInputs(object: KubernetesObject): JsonObject {
    const { name, namespace, labels, annotations } = object.metadata;
    const metadata = Object.fromEntries(
        Object.entries({ name, namespace, labels, annotations }).filter(([, value]) => value !== undefined),
    );
    return { ...manifestOf(object), metadata: metadata as JsonObject };
}

/** Where the secrets of the inputs are, from the copy of the inputs in the outputs. */
function inputSecrets(outputs: Revealed): Revealed["secrets"] {
    return outputs.secrets.filter((path) => path[0] === "__inputs").map((path) => path.slice(1));
}
