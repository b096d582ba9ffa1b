import { setMaxListeners } from "node:events";
import { KubeConfig, KubernetesObjectApi, Watch } from "@kubernetes/client-node";
import type { KubernetesObject } from "../target/target";

/** What the mesh's behaviour is declared by in a cluster, watched for changes. */

/** An object that was made, changed or deleted. */
export interface ChangedObject {
    kind: string;
    namespace: string;
    name: string;
}

/** Plural names of Istio's kinds and of Services, with their place in the API. */
const watched: readonly { apiVersion: string; kind: string; plural: string }[] = [
    ...[
        ["VirtualService", "virtualservices"],
        ["DestinationRule", "destinationrules"],
        ["Gateway", "gateways"],
        ["ServiceEntry", "serviceentries"],
        ["Sidecar", "sidecars"],
    ].map(([kind, plural]) => ({ apiVersion: "networking.istio.io/v1", kind: kind!, plural: plural! })),
    { apiVersion: "networking.istio.io/v1alpha3", kind: "EnvoyFilter", plural: "envoyfilters" },
    ...[
        ["AuthorizationPolicy", "authorizationpolicies"],
        ["PeerAuthentication", "peerauthentications"],
        ["RequestAuthentication", "requestauthentications"],
    ].map(([kind, plural]) => ({ apiVersion: "security.istio.io/v1", kind: kind!, plural: plural! })),
    { apiVersion: "v1", kind: "Service", plural: "services" },
];

/** Milliseconds between two attempts to watch a kind whose watch has ended. */
const pause = 1_000;

/**
 * Calls `onChange` for every change that a person makes, until the signal aborts. What Kubernetes and Istio themselves
 * write (status, versions) is no change. A watch that ends is begun again, and what happened meanwhile is noticed.
 */
export async function watchObjects(
    kubeConfig: KubeConfig,
    onChange: (object: ChangedObject) => void,
    signal: AbortSignal,
): Promise<void> {
    // A listener for each kind, beside those of the suite: more than Node.js takes for a leak.
    setMaxListeners(2 * watched.length, signal);
    await Promise.all(watched.map((kind) => new KindWatch(kubeConfig, kind, onChange, signal).begin()));
}

class KindWatch {
    /** `namespace/name` -> what it declared when last seen. */
    private known = new Map<string, string>();

    constructor(
        private readonly kubeConfig: KubeConfig,
        private readonly kind: (typeof watched)[number],
        private readonly onChange: (object: ChangedObject) => void,
        private readonly signal: AbortSignal,
    ) {}

    /** Resolves as soon as changes are noticed. */
    async begin(): Promise<void> {
        const version = await this.list();
        void this.follow(version);
    }

    private async follow(version: string): Promise<void> {
        for (let from = version; !this.signal.aborted;) {
            await this.once(from).catch(() => undefined);
            if (this.signal.aborted) return;
            await new Promise((resolve) => setTimeout(resolve, pause));
            from = await this.listAgain().catch(() => from);
        }
    }

    /** Watches until the API server ends it. */
    private async once(resourceVersion: string): Promise<void> {
        const { apiVersion, plural } = this.kind;
        const path = `/${apiVersion.includes("/") ? "apis" : "api"}/${apiVersion}/${plural}`;
        let stop = () => {};
        await new Promise<void>((resolve, reject) => {
            new Watch(this.kubeConfig)
                .watch(
                    path,
                    { resourceVersion },
                    (phase, object: KubernetesObject) => this.seen(phase, object),
                    () => resolve(),
                )
                .then((controller) => {
                    stop = () => {
                        controller.abort();
                        resolve();
                    };
                    if (this.signal.aborted) stop();
                    else this.signal.addEventListener("abort", stop, { once: true });
                })
                .catch(reject);
        }).finally(() => this.signal.removeEventListener("abort", stop));
    }

    private seen(phase: string, object: KubernetesObject): void {
        if (phase === "DELETED") this.gone(keyOf(object));
        else if (phase === "ADDED" || phase === "MODIFIED") this.there(object);
    }

    private there(object: KubernetesObject): void {
        const declared = declarationOf(object);
        if (this.known.get(keyOf(object)) === declared) return;
        this.known.set(keyOf(object), declared);
        this.changed(keyOf(object));
    }

    private gone(key: string): void {
        if (this.known.delete(key)) this.changed(key);
    }

    private changed(key: string): void {
        const [namespace, name] = key.split("/");
        this.onChange({ kind: this.kind.kind, namespace: namespace!, name: name! });
    }

    /** Remembers what there is; answers with the version from which to watch. */
    private async list(): Promise<string> {
        const { items, version } = await this.read();
        this.known = new Map(items.map((item) => [keyOf(item), declarationOf(item)]));
        return version;
    }

    private async listAgain(): Promise<string> {
        const { items, version } = await this.read();
        const keys = new Set(items.map(keyOf));
        for (const key of [...this.known.keys()]) if (!keys.has(key)) this.gone(key);
        for (const item of items) this.there(item);
        return version;
    }

    private async read(): Promise<{ items: KubernetesObject[]; version: string }> {
        const api = KubernetesObjectApi.makeApiClient(this.kubeConfig);
        const list = await api.list(this.kind.apiVersion, this.kind.kind);
        return {
            items: list.items as unknown as KubernetesObject[],
            version: list.metadata?.resourceVersion ?? "",
        };
    }
}

const keyOf = ({ metadata }: KubernetesObject): string => `${metadata.namespace ?? ""}/${metadata.name}`;

/** What a person declares of an object, in a form that can be compared. */
function declarationOf({ metadata, spec }: KubernetesObject): string {
    const { labels, annotations } = metadata as { labels?: object; annotations?: object };
    return stable({ labels, annotations, spec });
}

/** JSON with the keys of every object in order. */
function stable(value: unknown): string {
    return JSON.stringify(value, (_, part: unknown) =>
        typeof part === "object" && part !== null && !Array.isArray(part)
            ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
            : part,
    );
}
