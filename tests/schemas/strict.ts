/** The keywords of JSON Schema that matter here. */
export interface JsonSchema {
    [keyword: string]: unknown;
    type?: string;
    properties?: Record<string, JsonSchema>;
    additionalProperties?: boolean | JsonSchema;
    items?: JsonSchema;
}

/**
 * The schema with every unknown field refused, as `kubectl apply` does by default: OpenAPI itself lets them pass, and
 * the API server would drop them without a word.
 */
export function strict(schema: JsonSchema): JsonSchema {
    const { properties, items, additionalProperties } = schema;
    const open = schema["x-kubernetes-preserve-unknown-fields"] === true;
    return {
        ...schema,
        ...(properties && { properties: mapValues(properties, strict) }),
        ...(items && { items: strict(items) }),
        ...(typeof additionalProperties === "object" && { additionalProperties: strict(additionalProperties) }),
        ...(properties && additionalProperties === undefined && !open && { additionalProperties: false }),
    };
}

export function mapValues<T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> {
    return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
