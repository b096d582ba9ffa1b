import type { PolicyResource, ResourceValidationArgs } from "@pulumi/policy";
import { buildMesh, type Mesh } from "../model/mesh";
import { toCloud } from "./aws";
import { opaqueNamespaces, type PlainResource, toObject } from "./resources";
import { toPlain } from "./unknowns";

/**
 * The stack as the rules see it. Each resource's inputs are kept when the engine shows them, before the resource is
 * touched, since only inputs are what the program wrote: a provider's outputs carry defaults of the API server and
 * lack fields that it dropped. Resources whose inputs were not shown (read ones) are taken from their outputs.
 */
export class Stack {
    private readonly inputs = new Map<string, PlainResource>();
    private built: { readonly parts: readonly unknown[]; readonly mesh: Mesh } | undefined;

    /** Keeps what the program declares for a resource. */
    declare({ type, urn, name, props }: Pick<ResourceValidationArgs, "type" | "urn" | "name" | "props">): void {
        if (isRelevant(type))
            this.inputs.set(urn, { type, urn, name, properties: toPlain(props) as Record<string, unknown> });
    }

    /** The model of the mesh: built once for a stack, however many rules ask for it. */
    mesh(resources: readonly Pick<PolicyResource, "type" | "urn" | "name" | "props">[]): Mesh {
        const relevant = resources.filter(({ type }) => isRelevant(type));
        // What has no inputs is read anew each time; such resources are few.
        const plain = relevant.map((resource) => this.inputs.get(resource.urn) ?? fromOutputs(resource));
        const parts = plain.map((resource) => (this.inputs.has(resource.urn) ? resource : show(resource)));
        if (!this.built || !equal(this.built.parts, parts)) this.built = { parts, mesh: toMesh(plain) };
        return this.built.mesh;
    }
}

/** No rule needs the contents of Secrets, or the CRDs' schemas, which make up most of a stack's data. */
const SKIPPED = /:(CustomResourceDefinition|Secret)$/;

function isRelevant(type: string): boolean {
    return /^(kubernetes|aws|eks):/.test(type) && !SKIPPED.test(type);
}

function fromOutputs({
    type,
    urn,
    name,
    props,
}: Pick<PolicyResource, "type" | "urn" | "name" | "props">): PlainResource {
    const properties = toPlain(props) as Record<string, unknown>;
    return { type, urn, name, properties };
}

function toMesh(resources: readonly PlainResource[]): Mesh {
    const objects = resources.map(toObject).filter((object) => object !== undefined);
    return buildMesh(objects, { opaqueNamespaces: opaqueNamespaces(resources), cloud: toCloud(resources) });
}

function show(resource: PlainResource): string {
    return JSON.stringify(resource, (_, value: unknown) => (typeof value === "symbol" ? String(value) : value));
}

function equal(left: readonly unknown[], right: readonly unknown[]): boolean {
    return left.length === right.length && left.every((part, index) => part === right[index]);
}
