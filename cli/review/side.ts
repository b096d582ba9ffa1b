import { opaqueNamespaces, toObject } from "../../policy/adapter/resources";
import { buildMesh, type Mesh } from "../../policy/model/mesh";
import { UNKNOWN } from "../../policy/model/unknown";
import type { Plan } from "./plan";
import { NOT_YET_KNOWN, SECRET } from "./values";

/** One side of a comparison as the rules about risks see it: the mesh that its plan describes. */
export interface Side {
    readonly mesh: Mesh;
    /** What the policy pack overlooks there: `rule resource`. */
    readonly exemptions: readonly string[];
}

/** The mesh in a plan. */
export function sideOf({ resources }: Pick<Plan, "resources">): Side {
    const plain = [...resources.values()]
        .filter(({ operation }) => operation !== "delete")
        .map(({ type, urn, name, inputs }) => ({
            type,
            urn,
            name,
            properties: unknowns(inputs) as Record<string, unknown>,
        }));
    const objects = plain.map(toObject).filter((object) => object !== undefined);
    const settings = plain.find(({ type }) => type === "istio-platform:policy:Settings")?.properties;
    const exemptions = (settings?.["exemptions"] as { rule: string; resource: string }[] | undefined) ?? [];
    return {
        mesh: buildMesh(objects, { opaqueNamespaces: opaqueNamespaces(plain) }),
        exemptions: exemptions.map(({ rule, resource }) => `${rule} ${resource}`),
    };
}

function unknowns(value: unknown): unknown {
    if (value === NOT_YET_KNOWN || value === SECRET) return UNKNOWN;
    if (Array.isArray(value)) return value.map(unknowns);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unknowns(item)]));
}
