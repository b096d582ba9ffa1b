import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import type { Rule } from "../../policy/rules/rule";

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- cases change manifests freely */
export type Manifest = any;

/** What stops a mistake before, or right after, it is deployed. */
export type Layer = "lint" | "zod" | "types" | "preview" | "suite";

/** A mistake of the real world in the base system, and what catches it. */
export interface Mistake {
    /** Kebab case, stable. */
    readonly id: string;
    /** What somebody did wrong. */
    readonly title: string;
    /** Where it is described: `IST0101`, or an address. */
    readonly source: string;
    readonly layer: Layer;
    /** Rule that finds it, for the layer lint. */
    readonly rule: Rule["id"];
    /** `Kind/namespace/name` of the object that is broken. */
    readonly object: string;
    /** Objects that the mistake needs, right as they are: part of the correct twin. */
    readonly given?: string;
    /** Makes the mistake. */
    change(system: System): unknown;
    /** What the message says. */
    readonly says?: RegExp;
}

const pattern = parse(readFileSync(join(__dirname, "base.yaml"), "utf8"));

/** The good system; every case changes a copy of its own. */
export class System {
    readonly objects = new Map<string, Manifest>(structuredClone(pattern).map((one) => [idOf(one), one]));

    constructor(given = "") {
        this.add(given);
    }

    /** An object to be changed, by `Kind/namespace/name` or, where that is clear, `Kind/name`. */
    get(id: string): Manifest {
        const [kind, ...rest] = id.split("/");
        const found = [...this.objects].filter(
            ([key]) => key === id || (rest.length === 1 && key.startsWith(`${kind}/`) && key.endsWith(`/${rest[0]}`)),
        );
        if (found.length !== 1) throw new Error(`${found.length} objects are ${id}`);
        return found[0]![1];
    }

    remove(id: string): void {
        const object = this.get(id);
        this.objects.delete(idOf(object));
    }

    add(yaml: string): void {
        for (const manifest of parse(yaml)) {
            if (this.objects.has(idOf(manifest))) throw new Error(`${idOf(manifest)} is there already`);
            this.objects.set(idOf(manifest), manifest);
        }
    }

    /** Changes a text inside of a ConfigMap. */
    edit(id: string, key: string, from: string, to: string): void {
        const { data } = this.get(id);
        if (!data[key].includes(from)) throw new Error(`${id} has no "${from}" in ${key}`);
        data[key] = data[key].replaceAll(from, to);
    }

    get yaml(): string {
        return [...this.objects.values()].map((object) => stringify(object)).join("---\n");
    }
}

function parse(yaml: string): Manifest[] {
    return parseAllDocuments(yaml)
        .map((document) => document.toJS() as Manifest)
        .filter(Boolean);
}

export function idOf({ kind, metadata }: Manifest): string {
    return [kind, metadata.namespace, metadata.name].filter(Boolean).map(String).join("/");
}
