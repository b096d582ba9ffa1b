import { z } from "zod";
import { platform } from "./platform";

/** The part of JSON Schema that zod produces. */
interface JsonSchema {
    [keyword: string]: unknown;
    properties?: Record<string, JsonSchema>;
    additionalProperties?: boolean | JsonSchema;
    items?: JsonSchema;
    anyOf?: JsonSchema[];
    oneOf?: JsonSchema[];
    const?: unknown;
    examples?: unknown[];
}

/** JSON Schema of the configuration as a person writes it: defaults may be left out. */
export function platformSchema(): JsonSchema {
    return z.toJSONSchema(platform, { io: "input", target: "draft-7" }) as JsonSchema;
}

/**
 * JSON Schema of a whole `Pulumi.<stack>.yaml` file, so that editors complete and check it.
 *
 * @param project Name of the project: the namespace of its configuration keys.
 */
export function stackFileSchema(project = "istio-platform"): JsonSchema {
    const { properties = {}, required = [] } = platformSchema() as JsonSchema & { required?: string[] };
    const qualified = (key: string) => `${project}:${key}`;
    return {
        $schema: "http://json-schema.org/draft-07/schema#",
        title: `Pulumi.<stack>.yaml of ${project}`,
        description: `Configuration of a stack. Every key of the project begins with "${project}:".`,
        type: "object",
        properties: {
            config: {
                description: "The stack's configuration",
                type: "object",
                properties: Object.fromEntries(
                    Object.entries(properties).map(([key, schema]) => [qualified(key), schema]),
                ),
                required: required.map(qualified),
                // Keys of providers (`aws:region`) are theirs to check; ours are all listed above.
                patternProperties: { [`^(?!${project}:)[^:]+:.+$`]: {} },
                additionalProperties: false,
            },
            secretsprovider: { description: "Pulumi: what encrypts the secrets", type: "string" },
            encryptedkey: { description: "Pulumi: the key of the secrets, encrypted", type: "string" },
            encryptionsalt: { description: "Pulumi: salt of the passphrase", type: "string" },
            environment: { description: "Pulumi ESC environments that are imported" },
        },
        required: ["config"],
        additionalProperties: false,
    };
}

/** The keys that are allowed at a path, as far as the values beside it leave a choice. */
export function knownKeys(path: readonly PropertyKey[], root: unknown): string[] {
    return [...new Set(schemasAt(path, root).flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

/** A value that is allowed at a path, where the schema gives an example. */
export function exampleAt(path: readonly PropertyKey[], root: unknown): unknown {
    return schemasAt(path, root).find(({ examples }) => examples)?.examples?.[0];
}

/** The schemas of the value at a path; several where it can be of several kinds. */
function schemasAt(path: readonly PropertyKey[], root: unknown): JsonSchema[] {
    let schemas = forms(platformSchema(), root);
    let value = root;
    for (const key of path) {
        value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
        schemas = schemas.flatMap((schema) => {
            const inner =
                schema.properties?.[String(key)] ??
                (typeof key === "number" ? schema.items : undefined) ??
                (typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined);
            return inner ? forms(inner, value) : [];
        });
    }
    return schemas;
}

/** The alternatives that a value can be: of a tagged union the one with its tag, when it has one. */
function forms(schema: JsonSchema, value: unknown): JsonSchema[] {
    const alternatives = schema.anyOf ?? schema.oneOf;
    if (!alternatives) return [schema];
    const tagged = alternatives.filter((alternative) =>
        Object.entries(alternative.properties ?? {}).some(
            ([key, { const: tag }]) =>
                tag !== undefined && (value as Record<string, unknown> | undefined)?.[key] === tag,
        ),
    );
    return (tagged.length > 0 ? tagged : alternatives).flatMap((alternative) => forms(alternative, value));
}
