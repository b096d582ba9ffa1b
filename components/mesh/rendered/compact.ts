import type { Manifest } from "../manifest";

/** A manifest without the documentation texts of custom resource definitions: half of their size, none of their meaning. */
export function compact(manifest: Manifest): Manifest {
    return manifest.kind === "CustomResourceDefinition" ? (withoutDescriptions(manifest) as Manifest) : manifest;
}

function withoutDescriptions(value: unknown, isPropertyMap = false): unknown {
    if (Array.isArray(value)) return value.map((item) => withoutDescriptions(item));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
        Object.entries(value)
            // A property may be called "description" itself.
            .filter(([key, inner]) => isPropertyMap || key !== "description" || typeof inner !== "string")
            .map(([key, inner]) => [key, withoutDescriptions(inner, key === "properties" && !isPropertyMap)]),
    );
}
