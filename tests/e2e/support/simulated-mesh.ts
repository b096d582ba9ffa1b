import http from "node:http";
import type { AddressInfo } from "node:net";
import type { PlatformConfig } from "../../../components/config/platform";
import type {
    Answer,
    ForwardAnswer,
    Kubernetes,
    OutsideRequest,
    Pod,
    Stream,
    Target,
} from "../../verification/target/target";

/**
 * A mesh without a cluster, as Prometheus and the specs about alerts see one: whoever sends a request gets an answer by its test
 * headers, and what gateway and pods would tell of it can be scraped.
 */

/** Buckets of the proxies' histogram, in milliseconds. */
const buckets = [50, 100, 250, 500, 1000, 2500, 5000];

type Labels = Readonly<Record<string, string>>;

/** Where the tools listen: name -> address. */
export type ToolAddresses = Readonly<Record<string, string>>;

export class SimulatedMesh {
    private readonly counters = new Map<string, number>();
    /** Service -> when its killed pod is there again. */
    private readonly down = new Map<string, number>();
    private readonly server = http.createServer((_, response) => {
        response.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
        response.end(this.metrics());
    });
    private turn = 0;

    constructor(
        private readonly config: PlatformConfig,
        private readonly tools: ToolAddresses,
        /** Turns addresses and paths of this machine into those of a cluster. */
        private readonly translate: (body: string) => string = (body) => body,
    ) {}

    /** Listens for scrapes; resolves with the address. */
    async listen(): Promise<string> {
        await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
        return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    stop(): void {
        this.server.closeAllConnections();
        this.server.close();
    }

    /** The window that specs have to it; what they do not need is absent. */
    target(): Target {
        const kubernetes: Partial<Kubernetes> = {
            pods: async (_, { app = "" } = {}) => this.pods(app),
            get: (pod, _, path) => this.forward(pod, path),
            post: (pod, _, path, body) => this.forward(pod, path, body),
            kill: async (pod) => void this.down.set(pod.labels["app"]!, Date.now() + 2_000),
        };
        const parts: Partial<Target> = {
            stack: "simulated",
            config: this.config,
            kubernetes: kubernetes as Kubernetes,
            request: (request, stream) => this.request(request, stream),
            inside: async (_, url, __, { count = 1 } = {}) => this.overflow(new URL(String(url)), count),
            gatewayPods: async () => [],
        };
        return parts as Target;
    }

    private pods(app: string): Pod[] {
        const names = app in this.tools ? [app] : [`${app}-0`, `${app}-1`];
        return names.map((name) => {
            const pod = { namespace: "", name, ip: "", phase: "Running", containers: [], readySince: new Date() };
            return { ...pod, labels: { app } };
        });
    }

    private async forward(pod: Pod, path: string, body?: unknown): Promise<ForwardAnswer> {
        const response = await fetch(`http://${this.tools[pod.name]}${path}`, {
            ...(body !== undefined && {
                method: "POST",
                body: JSON.stringify(body),
                headers: { "content-type": "application/json" },
            }),
        });
        return { status: response.status, headers: {}, body: this.translate(await response.text()) };
    }

    private async request({ path, headers = {} }: OutsideRequest, { count = 1 }: Stream = {}): Promise<Answer[]> {
        const delay = Number.parseFloat(headers["x-test-delay"] ?? "0");
        const status = headers["x-test-fail-attempts"] === undefined ? 200 : 500;
        const service = this.serviceOf(path);
        await new Promise((resolve) => setTimeout(resolve, delay));
        return Array.from({ length: count }, () => {
            this.count({ ...service, reporter: "source", scrapedIn: "istio-system" }, status, "-", delay);
            this.count({ ...service, reporter: "destination", scrapedIn: service.namespace }, status, "-", delay);
            return { status, body: "", pod: `${service.name}-${this.turn++ % 2}`, ms: delay + 2, headers: {} };
        });
    }

    /** What a sidecar refuses is told by itself alone. */
    private overflow({ hostname }: URL, count: number): Answer[] {
        const [name = "", namespace = ""] = hostname.split(".");
        for (let refused = 0; refused < count / 10; refused++)
            this.count({ name, namespace, reporter: "source", scrapedIn: namespace }, 503, "UO", 0);
        return [];
    }

    private serviceOf(path: string): { name: string; namespace: string } {
        const { egov, ecommerce } = this.config;
        if (path === egov.hello.path) return { name: "egov-hello", namespace: egov.namespaces.app };
        const [name] = Object.entries(ecommerce.services).find(([, own]) => path.startsWith(own.path))!;
        return { name, namespace: ecommerce.namespace };
    }

    private count(
        {
            name,
            namespace,
            reporter,
            scrapedIn,
        }: { name: string; namespace: string; reporter: string; scrapedIn: string },
        status: number,
        flags: string,
        ms: number,
    ): void {
        const labels = {
            ...{ reporter, namespace: scrapedIn, response_code: String(status), response_flags: flags },
            ...{ destination_service: `${name}.${namespace}.svc.cluster.local` },
            ...{ destination_service_name: name, destination_service_namespace: namespace },
        };
        this.add("istio_requests_total", labels);
        for (const bound of [...buckets, Infinity])
            if (ms + 1 <= bound)
                this.add("istio_request_duration_milliseconds_bucket", {
                    ...labels,
                    le: bound === Infinity ? "+Inf" : String(bound),
                });
    }

    private add(name: string, labels: Labels): void {
        const series = seriesOf(name, labels);
        this.counters.set(series, (this.counters.get(series) ?? 0) + 1);
    }

    private metrics(): string {
        const { namespace, services, replicas } = this.config.ecommerce;
        const gauges = Object.keys(services).flatMap((deployment) => {
            const pod = { namespace, pod: `${deployment}-5964b5f9bc-8ll89`, container: "app" };
            const missing = (this.down.get(deployment) ?? 0) > Date.now() ? 1 : 0;
            return [
                [seriesOf("kube_deployment_spec_replicas", { namespace, deployment }), replicas],
                [seriesOf("kube_deployment_status_replicas_available", { namespace, deployment }), replicas - missing],
                [seriesOf("container_cpu_usage_seconds_total", pod), Date.now() / 1e5],
                [seriesOf("container_memory_working_set_bytes", pod), 64e6],
                [seriesOf("kube_pod_container_resource_requests", { ...pod, resource: "cpu" }), 0.05],
                [seriesOf("kube_pod_container_resource_limits", { ...pod, resource: "memory" }), 256e6],
            ];
        });
        return [...this.counters, ...gauges].map(([series, value]) => `${series} ${value}\n`).join("");
    }
}

function seriesOf(name: string, labels: Labels): string {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return `${name}{${pairs.join(",")}}`;
}
