import Ajv, { type ValidateFunction } from "ajv";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "../../components/mesh/manifest";
import { mapValues, strict, type JsonSchema } from "./strict";

/** Checks objects against the schemas of a real API server and of Istio's custom resource definitions. */

interface KubernetesSchemas {
    kinds: Record<string, string>;
    definitions: Record<string, JsonSchema>;
}

interface CustomResourceDefinition extends Manifest {
    spec: {
        group: string;
        names: { kind: string };
        versions: { name: string; served: boolean; schema: { openAPIV3Schema: JsonSchema } }[];
    };
}

const OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

const kubernetes = JSON.parse(readFileSync(join(__dirname, "kubernetes.json"), "utf8")) as KubernetesSchemas;
const definitions = mapValues(kubernetes.definitions, strict);
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
const compiled = new Map<string, ValidateFunction>();

/** Everything about an object that the API server would refuse; empty when it is valid. */
export function schemaProblems(manifest: Manifest, definitionsOfIstio: readonly Manifest[]): string[] {
    const name = `${manifest.apiVersion}/${manifest.kind}`;
    let validate = compiled.get(name);
    if (!validate) {
        const schema = kubernetesSchema(name) ?? customSchema(name, definitionsOfIstio);
        if (!schema) return [`${name}: unknown kind; add it to tests/schemas/kinds.ts and run tests/schemas/update.ts`];
        compiled.set(name, (validate = ajv.compile(schema)));
    }
    validate(manifest);
    return (validate.errors ?? []).map(
        ({ instancePath, message, params }) =>
            `${manifest.kind} ${manifest.metadata.name}${instancePath}: ${message} ${JSON.stringify(params)}`,
    );
}

function kubernetesSchema(name: string): JsonSchema | undefined {
    const definition = kubernetes.kinds[name];
    return definition ? { $ref: `#/definitions/${definition}`, definitions } : undefined;
}

function customSchema(name: string, manifests: readonly Manifest[]): JsonSchema | undefined {
    for (const manifest of manifests) {
        if (manifest.kind !== "CustomResourceDefinition") continue;
        const { group, names, versions } = (manifest as CustomResourceDefinition).spec;
        const version = versions.find((version) => version.served && `${group}/${version.name}/${names.kind}` === name);
        if (!version) continue;
        const { properties, ...schema } = strict(version.schema.openAPIV3Schema);
        return {
            ...schema,
            properties: {
                ...properties,
                apiVersion: { type: "string" },
                kind: { type: "string" },
                metadata: { $ref: `#/definitions/${OBJECT_META}` },
            },
            definitions,
        };
    }
    return undefined;
}
