import type { PolicyResource, ResourceValidationArgs } from "@pulumi/policy";
import { buildMesh, type Mesh } from "../model/mesh";
import type { Settings } from "../settings";
import { toCloud } from "./aws";
import { opaqueNamespaces, type PlainResource, toObject } from "./resources";
import { SETTINGS_TYPE, toSettings } from "./settings";
import { toPlain } from "./unknowns";

/** What the rules are applied to. */
export interface Judged {
    readonly mesh: Mesh;
    readonly settings: Settings;
}

type Shown = Pick<PolicyResource, "type" | "urn" | "name" | "props">;

/**
 * The stack as the rules see it. Each resource's inputs are kept when the engine shows them, before the resource is
 * touched, since only inputs are what the program wrote: a provider's outputs carry defaults of the API server and
 * lack fields that it dropped. Resources whose inputs were not shown (read ones) are taken from their outputs.
 */
export class Stack {
    private readonly inputs = new Map<string, PlainResource>();

    /** @param today The day to judge exemptions by. */
    constructor(private readonly today: string) {}

    /** Keeps what the program declares for a resource. */
    declare(resource: Pick<ResourceValidationArgs, "type" | "urn" | "name" | "props">): void {
        if (isRelevant(resource.type)) this.inputs.set(resource.urn, plain(resource));
    }

    /** What the rules are applied to, out of the resources that the stack consists of. */
    judged(resources: readonly Shown[]): Judged {
        const relevant = resources
            .filter(({ type }) => isRelevant(type))
            .map((resource) => this.inputs.get(resource.urn) ?? plain(resource));
        const objects = relevant.map(toObject).filter((object) => object !== undefined);
        return {
            mesh: buildMesh(objects, { opaqueNamespaces: opaqueNamespaces(relevant), cloud: toCloud(relevant) }),
            settings: toSettings(relevant, this.today),
        };
    }
}

/** No rule needs the contents of Secrets, or the CRDs' schemas, which make up most of a stack's data. */
const SKIPPED = /:(CustomResourceDefinition|Secret)$/;

function isRelevant(type: string): boolean {
    return type === SETTINGS_TYPE || (/^(kubernetes|aws|eks):/.test(type) && !SKIPPED.test(type));
}

function plain({ type, urn, name, props }: Shown): PlainResource {
    return { type, urn, name, properties: toPlain(props) as Record<string, unknown> };
}
