import { isAlias, isMap, isNode, isSeq, LineCounter, type Node, parseAllDocuments, type Tags } from "yaml";
import type { SourceObject } from "../model/object";

/** A text with manifests: one or more YAML (or JSON) documents. */
export interface ManifestText {
    /** What a reader finds it by: a file's path, or `<stdin>`. */
    readonly file: string;
    readonly text: string;
}

/** A place in a text; lines and columns count from 1. */
export interface Place {
    readonly file: string;
    readonly line: number;
    readonly column: number;
}

/** A text that is no YAML, or a document that is no Kubernetes object. */
export interface Problem extends Place {
    readonly message: string;
}

/** A Kubernetes object in a text. */
export class ManifestObject implements SourceObject {
    readonly source: string;

    constructor(
        readonly manifest: Readonly<Record<string, unknown>>,
        readonly place: Place,
        private readonly node: Node,
        private readonly lines: LineCounter,
    ) {
        this.source = `${place.file}:${place.line}:${place.column}`;
    }

    /** Where a field is written, or the innermost part of its path that is. */
    placeOf(path: string): Place {
        let [node, place]: [unknown, Place] = [this.node, this.place];
        for (const key of pathKeys(path)) {
            if (isMap(node)) {
                const pair = node.items.find(({ key: name }) => isNode(name) && String(name) === String(key));
                if (!pair) break;
                place = this.at(pair.key as Node) ?? place;
                node = pair.value;
            } else if (isSeq(node)) {
                node = node.items[Number(key)];
                if (!isNode(node)) break;
                place = this.at(node) ?? place;
            } else break;
        }
        return place;
    }

    private at(node: Node): Place | undefined {
        if (!node.range || isAlias(node)) return undefined;
        const { line, col } = this.lines.linePos(node.range[0]);
        return { file: this.place.file, line, column: col };
    }
}

/** What a text holds. */
export interface Manifests {
    readonly objects: readonly ManifestObject[];
    readonly problems: readonly Problem[];
}

/**
 * Reads the objects of a text. Every document is one object or a `List` of them; empty documents and those without
 * `kind` (a Helm values file, say) are passed over. YAML is read as Kubernetes reads it: version 1.1, but `12:30` and dates stay texts.
 */
export function readManifests({ file, text }: ManifestText): Manifests {
    const lines = new LineCounter();
    const documents = parseAllDocuments(text, {
        version: "1.1",
        merge: true,
        lineCounter: lines,
        prettyErrors: false,
        customTags: asKubernetes,
    });
    const objects: ManifestObject[] = [];
    const problems: Problem[] = [];
    for (const document of documents) {
        for (const { message, pos } of document.errors) {
            const { line, col } = lines.linePos(pos[0]);
            problems.push({ file, line, column: col, message });
        }
        if (document.errors.length > 0 || !document.contents) continue;
        const value: unknown = document.toJS();
        for (const [item, node] of opened(value, document.contents)) {
            if (!isRecord(item) || typeof item["kind"] !== "string" || !node.range) continue;
            const { line, col } = lines.linePos(node.range[0]);
            objects.push(new ManifestObject(item, { file, line, column: col }, node, lines));
        }
    }
    return { objects, problems };
}

function asKubernetes(tags: Tags): Tags {
    return tags.filter((tag) => {
        if (typeof tag === "string") return true;
        return tag.format !== "TIME" && tag.tag !== "tag:yaml.org,2002:timestamp";
    });
}

/** The objects of a document: those of a list one by one. */
function* opened(value: unknown, node: Node): Iterable<[unknown, Node]> {
    const isList = isRecord(value) && typeof value["kind"] === "string" && value["kind"].endsWith("List");
    const [items, nodes] = [isList ? value["items"] : value, isList && isMap(node) ? node.get("items", true) : node];
    if (!Array.isArray(items)) {
        yield [value, node];
        return;
    }
    for (const [index, item] of items.entries()) {
        const itemNode = isSeq(nodes) ? nodes.items[index] : undefined;
        if (isNode(itemNode)) yield* opened(item, itemNode);
    }
}

function isRecord(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The keys of a field's path as the model writes it: `spec.http[0].match`, `metadata.labels["app.kubernetes.io/name"]`. */
export function pathKeys(path: string): (string | number)[] {
    return [...path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g)].map(([, index, quoted, word]) =>
        index !== undefined ? Number(index) : quoted !== undefined ? (JSON.parse(quoted) as string) : (word as string),
    );
}
