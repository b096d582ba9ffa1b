import https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";

/**
 * Kubernetes objects as plain JSON, over the API server's REST interface. A typed client would drop the fields that it
 * does not know, and an object that is written back must be the one that was read.
 */

/** An object as the API server has it. */
export interface PlainObject {
    apiVersion: string;
    kind: string;
    metadata: {
        name: string;
        namespace?: string;
        resourceVersion?: string;
        uid?: string;
        labels?: Record<string, string>;
        annotations?: Record<string, string>;
        [field: string]: unknown;
    };
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the shape depends on the kind
    spec?: any;
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the shape depends on the kind
    [field: string]: any;
}

/** Names one object. */
export interface Reference {
    kind: Kind;
    /** Empty for objects without a namespace. */
    namespace: string;
    name: string;
}

/** The kinds that mutations touch, with their place in the REST interface. */
const kinds = {
    Namespace: ["api/v1", "namespaces"],
    ResourceQuota: ["api/v1", "resourcequotas"],
    Pod: ["api/v1", "pods"],
    Service: ["api/v1", "services"],
    Secret: ["api/v1", "secrets"],
    ConfigMap: ["api/v1", "configmaps"],
    Deployment: ["apis/apps/v1", "deployments"],
    DaemonSet: ["apis/apps/v1", "daemonsets"],
    MutatingWebhookConfiguration: ["apis/admissionregistration.k8s.io/v1", "mutatingwebhookconfigurations"],
    ValidatingWebhookConfiguration: ["apis/admissionregistration.k8s.io/v1", "validatingwebhookconfigurations"],
    Gateway: ["apis/networking.istio.io/v1", "gateways"],
    VirtualService: ["apis/networking.istio.io/v1", "virtualservices"],
    DestinationRule: ["apis/networking.istio.io/v1", "destinationrules"],
    /** The Gateway of the Gateway API, which shares its name with Istio's. */
    ApiGateway: ["apis/gateway.networking.k8s.io/v1", "gateways"],
    HTTPRoute: ["apis/gateway.networking.k8s.io/v1", "httproutes"],
    AuthorizationPolicy: ["apis/security.istio.io/v1", "authorizationpolicies"],
    RequestAuthentication: ["apis/security.istio.io/v1", "requestauthentications"],
    NetworkPolicy: ["apis/networking.k8s.io/v1", "networkpolicies"],
    PeerAuthentication: ["apis/security.istio.io/v1", "peerauthentications"],
    ServiceEntry: ["apis/networking.istio.io/v1", "serviceentries"],
    ProxyConfig: ["apis/networking.istio.io/v1beta1", "proxyconfigs"],
    Sidecar: ["apis/networking.istio.io/v1", "sidecars"],
    Telemetry: ["apis/telemetry.istio.io/v1", "telemetries"],
    EnvoyFilter: ["apis/networking.istio.io/v1alpha3", "envoyfilters"],
} as const;
export type Kind = keyof typeof kinds;

/** The API server refused a request. */
export class ApiError extends Error {
    constructor(
        readonly status: number,
        message: string,
    ) {
        super(message);
    }
}

/** Milliseconds that the API server has to answer. */
const timeout = 15_000;

export class PlainApi {
    private readonly options: https.RequestOptions = {};
    private readonly server: URL;
    private ready?: Promise<void>;

    constructor(private readonly kubeConfig: KubeConfig) {
        const cluster = kubeConfig.getCurrentCluster();
        if (!cluster) throw new Error("the kubeconfig has no current cluster");
        this.server = new URL(cluster.server);
    }

    /** The object, or undefined where there is none. */
    async get(reference: Reference): Promise<PlainObject | undefined> {
        try {
            return (await this.send("GET", pathOf(reference))) as PlainObject;
        } catch (error) {
            if (error instanceof ApiError && error.status === 404) return undefined;
            throw error;
        }
    }

    async list(kind: Kind, namespace: string, labels: Readonly<Record<string, string>> = {}): Promise<PlainObject[]> {
        const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
        const query = selector.length > 0 ? `?labelSelector=${encodeURIComponent(selector.join(","))}` : "";
        const list = (await this.send("GET", `${folderOf(kind, namespace)}${query}`)) as { items: PlainObject[] };
        return list.items;
    }

    async create(object: PlainObject): Promise<PlainObject> {
        const folder = folderOf(object.kind as Kind, object.metadata.namespace ?? "");
        return (await this.send("POST", folder, object)) as PlainObject;
    }

    /** Writes the whole object; fails with 409 when it was changed since it was read. */
    async replace(object: PlainObject): Promise<PlainObject> {
        return (await this.send("PUT", pathOf(referenceTo(object)), object)) as PlainObject;
    }

    /**
     * Deletes the object; one that is not there is no error.
     *
     * @param gracePeriodSeconds Of a pod: default, its own; less than what is left of it hastens a pod that is ending.
     */
    async delete(reference: Reference, gracePeriodSeconds?: number): Promise<void> {
        try {
            await this.send(
                "DELETE",
                pathOf(reference),
                gracePeriodSeconds === undefined ? undefined : { gracePeriodSeconds },
            );
        } catch (error) {
            if (!(error instanceof ApiError && error.status === 404)) throw error;
        }
    }

    private async send(method: string, path: string, body?: unknown): Promise<unknown> {
        await (this.ready ??= this.kubeConfig.applyToHTTPSOptions(this.options));
        const text = body === undefined ? undefined : JSON.stringify(body);
        const { status, content } = await new Promise<{ status: number; content: string }>((resolve, reject) => {
            const request = https.request(
                new URL(path, this.server),
                {
                    ...this.options,
                    method,
                    timeout,
                    headers: {
                        ...this.options.headers,
                        accept: "application/json",
                        ...(text !== undefined && {
                            "content-type": "application/json",
                            "content-length": Buffer.byteLength(text),
                        }),
                    },
                },
                (response) => {
                    const chunks: Buffer[] = [];
                    response.on("data", (chunk: Buffer) => chunks.push(chunk));
                    response.on("error", reject);
                    response.on("end", () =>
                        resolve({ status: response.statusCode ?? 0, content: Buffer.concat(chunks).toString("utf8") }),
                    );
                },
            );
            request.on("timeout", () =>
                request.destroy(new Error(`${method} ${path}: no answer within ${timeout} ms`)),
            );
            request.on("error", reject);
            request.end(text);
        });
        if (status >= 200 && status < 300) return JSON.parse(content) as unknown;
        throw new ApiError(status, `${method} ${path}: ${status} ${messageOf(content)}`);
    }
}

export function referenceTo({ apiVersion, kind: name, metadata }: PlainObject): Reference {
    const kind = name === "Gateway" && apiVersion === apiVersionOf("ApiGateway") ? "ApiGateway" : (name as Kind);
    return { kind, namespace: metadata.namespace ?? "", name: metadata.name };
}

/** `VirtualService egov-app/egov-hello`. */
export function display({ kind, namespace, name }: Reference): string {
    return `${kind} ${namespace && `${namespace}/`}${name}`;
}

/** `apiVersion` of a kind. */
export function apiVersionOf(kind: Kind): string {
    return kinds[kind][0].replace(/^apis?\//, "");
}

function folderOf(kind: Kind, namespace: string): string {
    const [group, plural] = kinds[kind];
    return `/${group}/${namespace && `namespaces/${namespace}/`}${plural}`;
}

const pathOf = ({ kind, namespace, name }: Reference): string => `${folderOf(kind, namespace)}/${name}`;

function messageOf(content: string): string {
    try {
        return (JSON.parse(content) as { message?: string }).message ?? content;
    } catch {
        return content;
    }
}
