import type { PlatformConfig } from "../../../components/config/platform";
import type { DeclaredObject } from "./file";

/** The one window through which the suite sees an environment: embedded, kind or EKS make no difference behind it. */

/** A container of a pod, sidecars included. */
export interface Container {
    name: string;
    image: string;
    ready: boolean;
    restarts: number;
    /** Why it waits or ended, where it is not running. */
    reason?: string;
    /** Ports that the container declares. */
    ports: number[];
}

/** A pod that is not being deleted. */
export interface Pod {
    namespace: string;
    name: string;
    /** Address of the pod; empty until it has one. */
    ip: string;
    labels: Readonly<Record<string, string>>;
    phase: string;
    /** Containers that run: the ordinary ones and the sidecars among the init containers (restartPolicy Always). */
    containers: Container[];
    /** The sidecar proxy, where the pod has one. */
    sidecar?: Container;
    /** Revision of the control plane that has made its proxy, where it has one. */
    injectedBy?: string;
    /** Time at which the pod became ready, where it is. */
    readySince?: Date;
}

/** An object of the API server as it was read. */
export interface KubernetesObject {
    apiVersion?: string;
    kind?: string;
    metadata: {
        name: string;
        namespace?: string;
        labels?: Record<string, string>;
        annotations?: Record<string, string>;
    };
    spec?: Record<string, unknown>;
    [field: string]: unknown;
}

/** Names one object, or with an empty name all of a kind in a namespace. */
export interface ObjectReference {
    apiVersion: string;
    kind: string;
    namespace: string;
    /** Default: all objects of the kind. */
    name?: string;
}

/** Addresses behind a Service, as its EndpointSlices have them. */
export interface Endpoint {
    ip: string;
    port: number;
    ready: boolean;
    pod?: string;
}

/** How a pod is ended. */
export interface KillOptions {
    /** Seconds that the pod has to stop; 0: it is killed. Default: its own terminationGracePeriodSeconds. */
    gracePeriodSeconds?: number;
}

/** How a port of a pod is asked. */
export interface ForwardOptions {
    headers?: Readonly<Record<string, string>>;
    /** Milliseconds. Default: a minute. */
    timeout?: number;
}

/** What a port of a pod has answered. */
export interface ForwardAnswer {
    status: number;
    headers: Readonly<Record<string, string | string[] | undefined>>;
    body: string;
}

/** Reading access to the cluster, and what the chaos specs change. */
export interface Kubernetes {
    version(): Promise<string>;
    pods(namespace: string, labels?: Readonly<Record<string, string>>): Promise<Pod[]>;
    /** The object, or undefined where there is none. */
    object<T extends KubernetesObject = KubernetesObject>(
        reference: ObjectReference & { name: string },
    ): Promise<T | undefined>;
    /** All objects of a kind in a namespace, with an empty one in the whole cluster; none of a kind that it does not know. */
    objects<T extends KubernetesObject = KubernetesObject>(reference: ObjectReference): Promise<T[]>;
    endpoints(namespace: string, service: string): Promise<Endpoint[]>;
    /** A part of a container's log: the last lines, or those of the last seconds. */
    log(pod: Pod, container: string, part: { lines: number } | { seconds: number }): Promise<string>;
    /** Ends a pod; answers when the API server has accepted it. */
    kill(pod: Pod, options?: KillOptions): Promise<void>;
    /** Replaces fields of an object's spec (JSON merge patch); answers when the API server has accepted it. */
    change(reference: ObjectReference & { name: string }, spec: Record<string, unknown>): Promise<void>;
    /** Runs a command in a container; its standard output. A non-zero exit code is an error. */
    exec(pod: Pod, container: string, command: readonly string[], options?: { timeout?: number }): Promise<string>;
    /** Sends GET `path` to 127.0.0.1:`port` inside the pod, past its sidecar. */
    get(pod: Pod, port: number, path: string, options?: ForwardOptions): Promise<ForwardAnswer>;
    /** Sends `body` as JSON by POST to 127.0.0.1:`port` inside the pod, past its sidecar. */
    post(pod: Pod, port: number, path: string, body: unknown, options?: ForwardOptions): Promise<ForwardAnswer>;
    /**
     * Has the API server send GET `path` to `port` of the pod's address: plain text from a client outside the mesh, which
     * the pod's sidecar gets like any other. `refused`: why there was no answer.
     */
    plainText(
        pod: Pod,
        port: number,
        path: string,
        options?: { headers?: Readonly<Record<string, string>>; timeout?: number },
    ): Promise<
        | { status: number; headers: Readonly<Record<string, string | string[] | undefined>>; body: string }
        | { refused: string }
    >;
}

/** A request to a path of the mesh. */
export interface Request {
    /** Path and query. */
    path: string;
    /** Host header. Default: the address that the request is sent to. */
    host?: string;
    headers?: Readonly<Record<string, string>>;
    /** Milliseconds after which the client gives up. Default 15000. */
    timeout?: number;
}

/** A request from outside. */
export interface OutsideRequest extends Request {
    /** Default: GET. */
    method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
    body?: string;
}

/** How a number of equal requests is sent. */
export interface Stream {
    /** Number of requests. Default 1. */
    count?: number;
    /** Requests under way at once, each on a connection of its own. Default 1. */
    concurrency?: number;
    /** `kept`: connections are used again; `new`: every request opens one. Default `kept`. */
    connections?: "kept" | "new";
}

/** What a client without a certificate gets; `refused`: what it reads instead of an answer. */
export type PlainAnswer = { status: number; headers: Readonly<Record<string, string>> } | { refused: string };

/** What came back for one request. */
export interface Answer {
    /** HTTP status; undefined where the connection broke. */
    status?: number;
    body: string;
    /** Name of the pod that answered (`x-served-by`); undefined where the proxy itself answered. */
    pod?: string;
    /** Name of the pod behind a forwarding service (`x-upstream-served-by`). */
    upstreamPod?: string;
    /** Number of the try that was answered (`x-attempt`). */
    attempt?: number;
    /** Number of the try that the pod behind a forwarding service answered (`x-upstream-attempt`). */
    upstreamAttempt?: number;
    /** Milliseconds from sending to the end of the body. */
    ms: number;
    /** Response headers, lower case. */
    headers: Readonly<Record<string, string>>;
    /** Why no answer came. */
    error?: string;
}

/** One kept connection from outside: all its requests pass the same gateway pod and the same worker of its Envoy. */
export interface Connection {
    send(request: Request): Promise<Answer>;
    close(): Promise<void>;
}

/** A host of an upstream cluster as one Envoy sees it. */
export interface EnvoyHost {
    ip: string;
    port: number;
    /** Health flags, for example `failed_outlier_check`; empty when healthy. */
    flags: string[];
    /** Requests that this Envoy has sent to it. */
    requests: number;
}

/** One Envoy, seen through its admin interface. */
export interface Proxy {
    readonly pod: Pod;
    /** Raw answer of the admin interface to GET `path`. */
    get(path: string): Promise<string>;
    /** The hosts of one cluster; empty where the cluster is not known. */
    hosts(cluster: string): Promise<EnvoyHost[]>;
    /** The configuration of the clusters whose name matches. */
    clusters(nameRegex: string): Promise<EnvoyCluster[]>;
    /** All route configurations that came from the control plane. */
    routes(): Promise<EnvoyRouteConfiguration[]>;
    serverInfo(): Promise<EnvoyServerInfo>;
    /** The certificates that it shows to others, each once. */
    certificates(): Promise<EnvoyCertificate[]>;
}

/** The fields of an Envoy cluster that the suite reads. */
export interface EnvoyCluster {
    name: string;
    connect_timeout?: string;
    lb_policy?: string;
    circuit_breakers?: { thresholds?: Record<string, unknown>[] };
    outlier_detection?: Record<string, unknown>;
    common_lb_config?: { healthy_panic_threshold?: { value?: number } };
    typed_extension_protocol_options?: Record<
        string,
        { common_http_protocol_options?: { max_requests_per_connection?: number } }
    >;
    metadata?: { filter_metadata?: { istio?: { config?: string } } };
    transport_socket_matches?: unknown[];
}

/** A share as Envoy writes it. */
export interface EnvoyFraction {
    numerator?: number;
    denominator?: "HUNDRED" | "TEN_THOUSAND" | "MILLION";
}

export interface EnvoyRoute {
    /** Name of the rule in its VirtualService, where it has one. */
    name?: string;
    match?: Record<string, unknown>;
    route?: {
        cluster?: string;
        weighted_clusters?: { clusters?: { name: string; weight?: number }[] };
        request_mirror_policies?: { cluster: string; runtime_fraction?: { default_value?: EnvoyFraction } }[];
        timeout?: string;
        retry_policy?: {
            retry_on?: string;
            num_retries?: number;
            per_try_timeout?: string;
            retriable_status_codes?: number[];
            retry_back_off?: { base_interval?: string };
        };
    };
    /** Configuration of single HTTP filters, for example of faults. */
    typed_per_filter_config?: Record<string, unknown>;
}

export interface EnvoyRouteConfiguration {
    name: string;
    virtual_hosts?: { name: string; domains: string[]; routes?: EnvoyRoute[] }[];
}

export interface EnvoyServerInfo {
    state: string;
    version: string;
    node?: { metadata?: { ISTIO_VERSION?: string } };
}

/** A certificate in Envoy, by which it proves who it is. */
export interface EnvoyCertificate {
    serialNumber: string;
    /** Identities (`spiffe://...`) and DNS names. */
    names: string[];
    validFrom: Date;
    validTo: Date;
}

/** What istiod knows about one proxy. */
export interface ProxySync {
    /** `<pod>.<namespace>` */
    proxy: string;
    /** Revision of the control plane that says so: the proxy is connected to it. */
    revision: string;
    /** Resource types whose last configuration the proxy has not acknowledged. */
    stale: string[];
    /** What was last sent to the proxy, as a text that is another one after every push. */
    sent: string;
    version: string;
}

/** A TLS connection from outside, as far as it came. */
export type Handshake =
    | {
          /** `TLSv1.2`, `TLSv1.3` ... */
          protocol: string;
          certificate: ServerCertificate;
      }
    | {
          /** What the gateway says instead, for example that it does not speak this version. */
          refused: string;
      };

/** The certificate that the gateway shows. */
export interface ServerCertificate {
    /** DNS names that it is for. */
    names: string[];
    validFrom: Date;
    validTo: Date;
    /** SHA-256 of the whole certificate. */
    fingerprint: string;
    /** The certificate in PEM. */
    pem: string;
}

/** What a TLS client offers. */
export interface HandshakeOptions {
    /** Name of the server that the client asks for (SNI). */
    serverName: string;
    /** The only version that it speaks. Default: 1.2 and 1.3. */
    version?: TlsVersion;
}
export type TlsVersion = "1.0" | "1.1" | "1.2" | "1.3";

export interface Target {
    readonly stack: string;
    readonly config: PlatformConfig;
    readonly gateway: { address: string; port: number };
    /** The certificate of the HTTPS entrance in PEM, where the program made it. */
    readonly certificate?: string | undefined;
    /** The key that signs tokens, in PEM, where the program made it. */
    readonly signingKey?: string | undefined;
    /** The key that signs tokens for the tools of the monitoring, in PEM, where the program made it. */
    readonly accessKey?: string | undefined;
    /** Every object by which the program tells the proxies and the pod network what to do, as it was registered. */
    readonly objects: readonly DeclaredObject[];
    /** What every report must say about this environment: stand-ins, versions. */
    readonly provenance: readonly string[];
    readonly kubernetes: Kubernetes;
    /** Sends requests from outside to the gateway. */
    request(request: OutsideRequest, stream?: Stream): Promise<Answer[]>;
    /**
     * Sends requests from outside to the gateway's HTTPS entrance, trusting `trusted` (a certificate in PEM) alone. The
     * request's host is the name of the server.
     */
    secureRequest(request: OutsideRequest & { host: string }, trusted: string, stream?: Stream): Promise<Answer[]>;
    /** Opens a TLS connection from outside to the gateway's HTTPS entrance, whatever certificate it shows. */
    handshake(options: HandshakeOptions): Promise<Handshake>;
    /** Opens one connection from outside to the gateway. */
    connect(): Promise<Connection>;
    /** Sends one request to the application at 127.0.0.1:`port` inside the pod, past its sidecar. */
    local(pod: Pod, port: number, request: Request): Promise<Answer>;
    /** Sends requests from inside a pod of the sample app to `url`; of several URLs all to the first, then to the next. */
    inside(
        pod: Pod,
        url: string | readonly string[],
        request?: Omit<Request, "path">,
        stream?: Stream,
    ): Promise<Answer[]>;
    /**
     * Opens TCP connections from inside a pod, past its sidecar, to each address (`IP:PORT`): what the pod network lets
     * through. `open`, or else what became of the connection.
     */
    dial(pod: Pod, addresses: readonly string[]): Promise<ReadonlyMap<string, string>>;
    /** Sends GET in plain text from a pod, past its sidecar, to each target (`IP:PORT/PATH`): a client without a certificate. */
    plainText(pod: Pod, targets: readonly string[]): Promise<ReadonlyMap<string, PlainAnswer>>;
    proxy(pod: Pod): Proxy;
    /** The ready pods of the ingress gateway: the others get no requests. */
    gatewayPods(): Promise<Pod[]>;
    /** What all istiod pods say about their proxies. */
    proxySync(): Promise<ProxySync[]>;
    close(): Promise<void>;
}
