import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { buildMesh, type MeshContext } from "../../policy/model/mesh";
import type { SourceObject } from "../../policy/model/object";
import { checkMesh } from "../../policy/rules";
import { meshRules } from "../../policy/rules/mesh";
import type { Rule, Violation } from "../../policy/rules/rule";

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests change manifests freely */
export type Manifest = any;

const pattern = parse(readFileSync(join(__dirname, "good.yaml"), "utf8"));

/** The objects of a good mesh, by `Kind/namespace/name`: every test changes a copy of its own. */
export class GoodMesh {
    readonly objects = new Map<string, Manifest>(
        structuredClone(pattern).map((manifest) => [idOf(manifest), manifest]),
    );

    /** The object of the given id, to be changed. */
    get(id: string): Manifest {
        const object = this.objects.get(id) as Manifest;
        if (!object) throw new Error(`no ${id} in good.yaml`);
        return object;
    }

    remove(id: string): void {
        this.get(id);
        this.objects.delete(id);
    }

    /** Adds objects, given as YAML. */
    add(yaml: string): void {
        for (const manifest of parse(yaml)) this.objects.set(`${idOf(manifest)}#${this.objects.size}`, manifest);
    }

    sources(): SourceObject[] {
        return [...this.objects.values()].map((manifest: Manifest) => ({ manifest, source: `urn:${idOf(manifest)}` }));
    }
}

/** What rules say about the good mesh after a change; by default those about whether the mesh works. */
export function violationsAfter(
    change: (mesh: GoodMesh) => void,
    context?: MeshContext,
    rules: readonly Rule[] = meshRules,
): Violation[] {
    const mesh = new GoodMesh();
    change(mesh);
    return checkMesh(buildMesh(mesh.sources(), context), rules);
}

/** Rule, object and field of each violation: `rule object field`. */
export function short(violations: readonly Violation[]): string[] {
    return violations.map(({ rule, object, field }) => `${rule} ${object} ${field}`);
}

function parse(yaml: string): Manifest[] {
    return parseAllDocuments(yaml)
        .map((document) => document.toJS() as Manifest)
        .filter(Boolean);
}

function idOf({ kind, metadata }: Manifest): string {
    return [kind, metadata?.namespace, metadata?.name].filter(Boolean).map(String).join("/");
}
