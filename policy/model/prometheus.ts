import { parse } from "yaml";
import { Field } from "./field";
import type { Mesh } from "./mesh";
import type { MeshObject } from "./object";
import { isKnown } from "./unknown";

/** A configuration of Prometheus or Alertmanager that an object holds. */
export interface MonitoringFile {
    readonly object: MeshObject;
    /** Where the object holds it: `data["prometheus.yml"]`. */
    readonly holder: Field;
    /** The contents; paths begin at the contents' own root. Undefined: it is no YAML. */
    readonly root: Field | undefined;
    readonly error: string | undefined;
    readonly kind: "prometheus" | "rules" | "alertmanager";
}

const files = new WeakMap<Mesh, readonly MonitoringFile[]>();

/** The configurations of Prometheus and Alertmanager among the objects: in ConfigMaps, Secrets and PrometheusRules. */
export function monitoringFiles(mesh: Mesh): readonly MonitoringFile[] {
    const known = files.get(mesh) ?? [...find(mesh)];
    files.set(mesh, known);
    return known;
}

function* find(mesh: Mesh): Iterable<MonitoringFile> {
    for (const object of [...mesh.ofKind("ConfigMap"), ...mesh.ofKind("Secret")])
        for (const part of ["data", "stringData"])
            for (const key of object.root.get(part).keys()) {
                const holder = object.root.get(part, key);
                const text = holder.text();
                if (!isKnown(text) || !/\.ya?ml$/.test(key)) continue;
                const plain = object.kind === "Secret" && part === "data" ? decoded(text) : text;
                if (!/^\s*(scrape_configs|groups|receivers|route|global|alerting|rule_files)\s*:/m.test(plain))
                    continue;
                yield* toFile(object, holder, plain);
            }
    for (const object of mesh.ofKind("PrometheusRule"))
        yield {
            object,
            holder: object.root.get("spec"),
            root: new Field(object.root.get("spec").value, ""),
            error: undefined,
            kind: "rules",
        };
}

function* toFile(object: MeshObject, holder: Field, text: string): Iterable<MonitoringFile> {
    const named =
        /alertmanager|receivers\s*:/.test(`${holder.path}${text.slice(0, 2_000)}`) && !/scrape_configs\s*:/.test(text);
    const guess = named ? "alertmanager" : /^\s*groups\s*:/m.test(text) ? "rules" : "prometheus";
    try {
        const value = parse(text) as Record<string, unknown> | null;
        if (typeof value !== "object" || value === null) return;
        const kind =
            "scrape_configs" in value || "rule_files" in value
                ? "prometheus"
                : "groups" in value
                  ? "rules"
                  : Array.isArray(value["receivers"])
                    ? "alertmanager"
                    : undefined;
        if (kind) yield { object, holder, root: new Field(value, ""), error: undefined, kind };
    } catch (error) {
        yield { object, holder, root: undefined, error: (error as Error).message.split("\n")[0] ?? "", kind: guess };
    }
}

function decoded(text: string): string {
    return Buffer.from(text, "base64").toString("utf8");
}
