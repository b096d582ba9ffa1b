/**
 * Writes policy/model/schemas.json: names, types and values of the fields of Kubernetes', the Gateway API's and Istio's objects.
 *
 *     npx tsx policy/generate/schemas.ts SWAGGER CRDS...
 *
 * SWAGGER is `api/openapi-spec/swagger.json` of the Go module k8s.io/kubernetes, CRDS are files with CustomResourceDefinitions:
 * `manifests/charts/base/files/crd-all.gen.yaml` and `tests/integration/pilot/testdata/gateway-api-crd.yaml` of istio.io/istio. Run it
 * when one of the pinned versions changes (tools/go/go.mod). Names and values are the only content.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { ObjectSchema, Schema } from "../model/schema";

/** The part of a JSON schema that is kept. */
interface JsonSchema {
    $ref?: string;
    type?: string;
    format?: string;
    description?: string;
    enum?: (string | number)[];
    minimum?: number;
    maximum?: number;
    required?: string[];
    properties?: Record<string, JsonSchema>;
    items?: JsonSchema;
    additionalProperties?: JsonSchema | boolean;
    oneOf?: { required?: string[]; not?: unknown }[];
    anyOf?: JsonSchema[];
    "x-kubernetes-preserve-unknown-fields"?: boolean;
    "x-kubernetes-int-or-string"?: boolean;
}

interface Crd {
    kind: string;
    spec: {
        group: string;
        names: { kind: string };
        versions: { name: string; served: boolean; schema: { openAPIV3Schema: JsonSchema } }[];
    };
}

/** Kubernetes' kinds that manifests of applications and meshes are made of. */
const KINDS = [
    ..."Service Pod ConfigMap Secret ServiceAccount Namespace PersistentVolumeClaim PersistentVolume Endpoints LimitRange ResourceQuota ReplicationController"
        .split(" ")
        .map((kind) => `v1/${kind}`),
    ..."Deployment StatefulSet DaemonSet ReplicaSet".split(" ").map((kind) => `apps/v1/${kind}`),
    ..."Job CronJob".split(" ").map((kind) => `batch/v1/${kind}`),
    ..."NetworkPolicy Ingress IngressClass".split(" ").map((kind) => `networking.k8s.io/v1/${kind}`),
    ..."Role ClusterRole RoleBinding ClusterRoleBinding"
        .split(" ")
        .map((kind) => `rbac.authorization.k8s.io/v1/${kind}`),
    "autoscaling/v1/HorizontalPodAutoscaler",
    "autoscaling/v2/HorizontalPodAutoscaler",
    "policy/v1/PodDisruptionBudget",
    "storage.k8s.io/v1/StorageClass",
    "scheduling.k8s.io/v1/PriorityClass",
    "discovery.k8s.io/v1/EndpointSlice",
    "admissionregistration.k8s.io/v1/MutatingWebhookConfiguration",
    "admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration",
];

/** Fields whose values Kubernetes lists in its documentation only. */
const ENUMS: Readonly<Record<string, readonly string[]>> = {
    "core.v1.ServiceSpec.type": ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"],
    "core.v1.ServicePort.protocol": ["TCP", "UDP", "SCTP"],
    "core.v1.ContainerPort.protocol": ["TCP", "UDP", "SCTP"],
    "core.v1.ServiceSpec.externalTrafficPolicy": ["Cluster", "Local"],
    "core.v1.ServiceSpec.internalTrafficPolicy": ["Cluster", "Local"],
    "core.v1.ServiceSpec.sessionAffinity": ["ClientIP", "None"],
    "core.v1.Container.imagePullPolicy": ["Always", "IfNotPresent", "Never"],
    "core.v1.PodSpec.restartPolicy": ["Always", "OnFailure", "Never"],
    "core.v1.PodSpec.dnsPolicy": ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
    "core.v1.Toleration.effect": ["NoSchedule", "PreferNoSchedule", "NoExecute"],
    "core.v1.HTTPGetAction.scheme": ["HTTP", "HTTPS"],
    "apps.v1.DeploymentStrategy.type": ["Recreate", "RollingUpdate"],
    "networking.v1.NetworkPolicyPort.protocol": ["TCP", "UDP", "SCTP"],
    "networking.v1.HTTPIngressPath.pathType": ["Exact", "Prefix", "ImplementationSpecific"],
};

const PREFIX =
    /^(io\.k8s\.(api|apimachinery\.pkg\.apis|apiextensions-apiserver\.pkg\.apis|kube-aggregator\.pkg\.apis)\.)/;
const [swaggerFile, ...crdFiles] = process.argv.slice(2) as [string, ...string[]];
const swagger = JSON.parse(readFileSync(swaggerFile, "utf8")) as {
    info: { version: string };
    definitions: Record<string, JsonSchema & { "x-kubernetes-group-version-kind"?: Record<string, string>[] }>;
};
const definitions: Record<string, Schema> = {};
const kinds: Record<string, Schema> = {};

function short(name: string): string {
    return name.replace(PREFIX, "");
}

function toSchema(schema: JsonSchema, path = ""): Schema {
    if (schema.$ref) return reference(schema.$ref.replace("#/definitions/", ""));
    if (ENUMS[path]) return { oneOf: ENUMS[path] };
    if (schema["x-kubernetes-int-or-string"] || schema.format === "int-or-string") return "integer or string";
    if (schema.enum?.every((value) => typeof value === "string")) return { oneOf: schema.enum as string[] };
    switch (schema.type) {
        case "array":
            return { list: toSchema(schema.items ?? {}) };
        case "integer":
        case "number":
            if (schema.minimum !== undefined || schema.maximum !== undefined)
                return {
                    ...(schema.minimum !== undefined && { from: schema.minimum }),
                    ...(schema.maximum !== undefined && { to: schema.maximum }),
                };
            return schema.type;
        case "string":
        case "boolean":
            return schema.type;
        case "object":
            if (schema["x-kubernetes-preserve-unknown-fields"]) return "anything";
            if (schema.properties) return toObject(schema, path);
            if (typeof schema.additionalProperties === "object") return { map: toSchema(schema.additionalProperties) };
            return "anything";
        default:
            return "anything";
    }
}

function toObject(schema: JsonSchema, path: string): ObjectSchema {
    const exclusive = exclusiveGroups(schema);
    const required = schema.required?.filter((name) => name !== "status") ?? [];
    return {
        fields: Object.fromEntries(
            Object.entries(schema.properties ?? {}).map(([name, child]) => [name, toSchema(child, `${path}.${name}`)]),
        ),
        ...(required.length > 0 && { required }),
        ...(exclusive.length > 0 && { exclusive }),
    };
}

/** Istio's CRDs write "at most one of" as: none of them, or one alternative for each. */
function exclusiveGroups({ oneOf = [] }: JsonSchema): string[][] {
    const names = oneOf.flatMap(({ required }) => (required?.length === 1 ? required : []));
    return oneOf.some(({ not }) => not) && names.length > 1 ? [names] : [];
}

function reference(name: string): Schema {
    if (/\.(IntOrString)$/.test(name)) return "integer or string";
    if (/\.(Quantity)$/.test(name)) return "anything";
    if (/\.(JSON|RawExtension|FieldsV1|MicroTime|Time|ManagedFieldsEntry)$/.test(name)) return "anything";
    const key = short(name);
    if (!(key in definitions)) {
        definitions[key] = "anything";
        definitions[key] = toSchema(swagger.definitions[name] ?? {}, key);
    }
    return { ref: key };
}

for (const [name, { "x-kubernetes-group-version-kind": gvks = [] }] of Object.entries(swagger.definitions))
    for (const { group, version, kind } of gvks) {
        const id = [group, version, kind].filter(Boolean).join("/");
        if (KINDS.includes(id)) kinds[id] = withoutStatus(reference(name));
    }

function withoutStatus(schema: Schema): Schema {
    const root = definitions[(schema as { ref: string }).ref] as ObjectSchema;
    return { ...root, fields: { ...root.fields, status: "anything" } };
}

const metadata = reference("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
for (const file of crdFiles)
    for (const document of parseAllDocuments(readFileSync(file, "utf8"))) {
        const crd = document.toJS() as Crd | null;
        if (crd?.kind !== "CustomResourceDefinition") continue;
        for (const { name, served, schema } of crd.spec.versions) {
            if (!served) continue;
            const { spec } = schema.openAPIV3Schema.properties ?? {};
            kinds[`${crd.spec.group}/${name}/${crd.spec.names.kind}`] = {
                fields: {
                    apiVersion: "string",
                    kind: "string",
                    metadata,
                    spec: spec ? toSchema(spec) : "anything",
                    status: "anything",
                },
            };
        }
    }

/** One definition a line, so that a new version can be read as a diff. Equal schemas of several versions are kept once. */
function lines(): string {
    const once = new Map<string, string>();
    for (const [name, schema] of Object.entries(kinds).sort(([a], [b]) => (a < b ? -1 : 1))) {
        const { spec } = (schema as ObjectSchema).fields;
        if (typeof spec !== "object" || "ref" in spec) continue;
        const text = JSON.stringify(spec);
        const key = once.get(text) ?? name;
        once.set(text, key);
        definitions[key] = spec;
        kinds[name] = { fields: { ...(schema as ObjectSchema).fields, spec: { ref: key } } };
    }
    const list = (values: object) =>
        Object.entries(values)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
            .join(",\n");
    return `{"versions":${JSON.stringify({ kubernetes: swagger.info.version })},\n"kinds":{\n${list(kinds)}\n},\n"definitions":{\n${list(definitions)}\n}}\n`;
}

const output = join(__dirname, "..", "model", "schemas.json");
writeFileSync(output, lines());
console.log(`${output}: ${Object.keys(kinds).length} kinds`);
