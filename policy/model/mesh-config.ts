import { parse } from "yaml";
import type { Mesh } from "./mesh";
import type { MeshObject } from "./object";
import { Field } from "./field";
import { isKnown } from "./unknown";

/** What the manifests tell of Istio's own configuration (`meshConfig`). */
export interface MeshConfig {
    /** ConfigMap `istio` or IstioOperator; undefined: none is listed, nothing is known. */
    readonly object: MeshObject | undefined;
    /** The configuration; its paths begin at its own root. */
    readonly root: Field;
    readonly rootNamespace: string;
    readonly trustDomain: string | undefined;
    /** Hosts that nobody has declared are refused. */
    readonly isRegistryOnly: boolean;
    /** Names of the providers; undefined while they are not known. */
    readonly providers: readonly string[] | undefined;
}

const read = new WeakMap<Mesh, MeshConfig>();

/** Istio's configuration: ConfigMap `istio` or `istio-<revision>` with the key `mesh`, or an IstioOperator. */
export function meshConfig(mesh: Mesh): MeshConfig {
    const known = read.get(mesh) ?? find(mesh);
    read.set(mesh, known);
    return known;
}

/** Providers that Istio has without any configuration. */
const OWN_PROVIDERS = ["prometheus", "stackdriver", "envoy", "localtrace"];

function find(mesh: Mesh): MeshConfig {
    for (const object of mesh.ofKind("ConfigMap")) {
        if (typeof object.name !== "string" || !/^istio(-[\w-]+)?$/.test(object.name)) continue;
        const text = object.root.get("data", "mesh").text();
        if (isKnown(text)) return toConfig(object, new Field(parsed(text), ""));
    }
    for (const object of mesh.ofKind("IstioOperator"))
        return toConfig(object, new Field(object.root.get("spec", "meshConfig").value, ""));
    return toConfig(undefined, new Field({}, ""));
}

function toConfig(object: MeshObject | undefined, root: Field): MeshConfig {
    const providers = root.get("extensionProviders");
    const names = providers.items().map((provider) => provider.get("name").text());
    const rootNamespace = root.get("rootNamespace").text();
    const trustDomain = root.get("trustDomain").text();
    return {
        object,
        root,
        rootNamespace: isKnown(rootNamespace) && rootNamespace !== "" ? rootNamespace : "istio-system",
        trustDomain: isKnown(trustDomain) ? trustDomain : undefined,
        isRegistryOnly: root.get("outboundTrafficPolicy", "mode").value === "REGISTRY_ONLY",
        providers:
            object && !providers.isPartial && names.every(isKnown)
                ? [...OWN_PROVIDERS, ...names.filter(isKnown)]
                : undefined,
    };
}

function parsed(text: string): unknown {
    try {
        return parse(text) as unknown;
    } catch {
        return {};
    }
}
