import { type Cloud, NO_CLOUD } from "./cloud";
import { DestinationRule } from "./destination-rule";
import { Gateway } from "./gateway";
import { closest, parseFqdn, type Resolution, sameHost, toFqdn } from "./host";
import { HttpRoute } from "./http-route";
import { selects } from "./labels";
import { Namespace } from "./namespace";
import { MeshObject, type SourceObject } from "./object";
import { Service } from "./service";
import { covers, ServiceEntry } from "./service-entry";
import { type Answer, isKnown, type Maybe, UNKNOWN } from "./unknown";
import { VirtualService } from "./virtual-service";
import { WebhookConfiguration } from "./webhook";
import { Workload } from "./workload";

/** What besides the objects a mesh consists of. */
export interface MeshContext {
    /** Namespaces with objects that are not listed (a Helm release); UNKNOWN: some namespace, which one is not known. */
    readonly opaqueNamespaces?: readonly Maybe<string>[];
    readonly cloud?: Cloud;
    /**
     * Whether the objects are a part of a cluster: a namespace without a Service or a workload among them then belongs to
     * somebody else, and holds what nobody knows. Default: they are all that there is.
     */
    readonly partial?: boolean;
}

/** Namespaces that every cluster has, filled by Kubernetes itself. */
const SYSTEM_NAMESPACES = ["kube-system", "kube-public", "kube-node-lease"];

/** Where Istio is installed: by its own tools, which manifests of applications do not show. */
const ISTIO_NAMESPACE = "istio-system";

/**
 * The whole mesh, built once from plain Kubernetes objects: who selects whom, which name stands for what.
 * Pure: it knows neither Pulumi nor a cluster, so that the same rules judge a stack and a folder of manifests.
 */
export class Mesh {
    readonly objects: readonly MeshObject[];
    readonly namespaces: readonly Namespace[];
    readonly workloads: readonly Workload[];
    readonly services: readonly Service[];
    readonly serviceEntries: readonly ServiceEntry[];
    readonly gateways: readonly Gateway[];
    readonly virtualServices: readonly VirtualService[];
    readonly httpRoutes: readonly HttpRoute[];
    readonly destinationRules: readonly DestinationRule[];
    readonly webhookConfigurations: readonly WebhookConfiguration[];
    readonly cloud: Cloud;

    private readonly byKind: ReadonlyMap<string, readonly MeshObject[]>;
    /** Whether the list is a part of a cluster only. */
    readonly isPartial: boolean;

    private readonly opaque: ReadonlySet<Maybe<string>>;
    /** Whether istiod is among the workloads. */
    private readonly hasControlPlane: boolean;
    private readonly described: ReadonlySet<Maybe<string>>;
    private readonly servicesByName: ReadonlyMap<string, Service>;
    private readonly hasUnnamedService: boolean;

    constructor(sources: Iterable<SourceObject>, context: MeshContext = {}) {
        this.objects = [...sources].map(readObject);
        const of = <T extends MeshObject>(type: new (source: SourceObject) => T): T[] =>
            this.objects.filter((object): object is T => object instanceof type);
        this.namespaces = of(Namespace);
        this.workloads = of(Workload);
        this.services = of(Service);
        this.serviceEntries = of(ServiceEntry);
        this.gateways = of(Gateway);
        this.virtualServices = of(VirtualService);
        this.httpRoutes = of(HttpRoute);
        this.destinationRules = of(DestinationRule);
        this.webhookConfigurations = of(WebhookConfiguration);
        this.byKind = groupBy(this.objects, ({ kind }) => kind);
        this.cloud = context.cloud ?? NO_CLOUD;
        this.opaque = new Set([...SYSTEM_NAMESPACES, ...(context.opaqueNamespaces ?? [])]);
        this.isPartial = context.partial ?? false;
        this.hasControlPlane = this.workloads.some(({ containers }) =>
            containers.some(({ name }) => name === "discovery"),
        );
        this.described = new Set([...this.workloads, ...this.services].map(({ namespace }) => namespace));
        this.servicesByName = new Map(this.services.flatMap((service) => fqdnEntry(service)));
        this.hasUnnamedService = this.services.some(({ fqdn }) => !isKnown(fqdn));
        this.connect();
    }

    /** Whether a namespace holds, or may hold, objects that are not listed here. */
    isOpaque(namespace: Maybe<string>): boolean {
        if (!isKnown(namespace) || this.opaque.has(namespace) || this.opaque.has(UNKNOWN)) return true;
        if (!this.isPartial) return false;
        return !this.described.has(namespace) || (namespace === ISTIO_NAMESPACE && !this.hasControlPlane);
    }

    /** Whether objects outside the list may exist anywhere beyond Kubernetes' own namespaces. */
    get hasOpaqueNamespaces(): boolean {
        return this.isPartial || this.opaque.size > SYSTEM_NAMESPACES.length;
    }

    /** Objects of a kind that has no type of its own in this model. */
    ofKind(kind: string, group?: string): readonly MeshObject[] {
        const found = this.byKind.get(kind) ?? [];
        return group === undefined ? found : found.filter((object) => object.group === group);
    }

    /** The Namespace object of a name, if the list has it. */
    namespace(name: Maybe<string>): Namespace | undefined {
        return isKnown(name) ? this.namespaces.find((namespace) => namespace.name === name) : undefined;
    }

    /** A Service by name; `missing` and `unknown` as for {@link resolve}. */
    service(name: Maybe<string>, namespace: Maybe<string>): Resolution {
        if (!isKnown(name) || !isKnown(namespace)) return { status: "unknown" };
        return this.resolve(`${name}.${namespace}.svc.cluster.local`, namespace);
    }

    /** What a host stands for when an object of the given namespace says it. */
    resolve(host: Maybe<string>, namespace: Maybe<string>): Resolution {
        if (!isKnown(host) || !isKnown(namespace)) return { status: "unknown" };
        const fqdn = toFqdn(host, namespace);
        const service = this.servicesByName.get(fqdn);
        if (service) return { status: "service", service, fqdn };
        const entry = this.serviceEntries.find((candidate) => candidate.has(fqdn) === "yes");
        if (entry) return { status: "service-entry", entry, fqdn };
        if (host.includes("*")) return this.resolveWildcard(fqdn);
        return this.mayExist(fqdn)
            ? { status: "unknown", fqdn }
            : { status: "missing", fqdn, suggestion: this.suggest(fqdn) };
    }

    /** DestinationRules that speak of the same host. */
    rulesFor(resolution: Resolution): DestinationRule[] {
        return this.destinationRules.filter(
            (rule) => sameHost(rule.resolution, resolution) || this.coversHost(rule, resolution),
        );
    }

    /** Whether a DestinationRule that is not fully known yet may speak of this host. */
    hasUnknownRule(): boolean {
        return this.destinationRules.some(({ resolution }) => resolution.fqdn === undefined);
    }

    /** Whether pods of the workload get, or have, a sidecar (or ztunnel). Istio's own pods need none. */
    injection(workload: Workload): Answer {
        if (workload.hasSidecar || workload.isIstio === "yes") return "yes";
        if (workload.isIstio === "maybe") return "maybe";
        const namespace = this.namespace(workload.namespace);
        if (namespace?.isAmbient) return "yes";
        // The webhook does not look into a namespace labelled istio-injection=disabled, whatever the pod says.
        if (namespace?.isDisabled) return "no";
        const wish = workload.injectionWish;
        if (wish === UNKNOWN) return "maybe";
        if (wish !== undefined) return wish ? "yes" : "no";
        return namespace ? namespace.injection : "maybe";
    }

    private connect(): void {
        const byNamespace = groupBy(this.workloads, ({ namespace }) => (isKnown(namespace) ? namespace : ""));
        for (const service of this.services) {
            const candidates = isKnown(service.namespace)
                ? [...(byNamespace.get(service.namespace) ?? []), ...(byNamespace.get("") ?? [])]
                : this.workloads;
            service.workloads = candidates.filter((workload) => service.selects(workload) !== "no");
        }
        for (const gateway of this.gateways)
            gateway.workloads = this.workloads.filter(({ labels }) => selects(gateway.selector, labels) !== "no");
        for (const virtualService of this.virtualServices) {
            for (const binding of virtualService.gateways) binding.gateway = this.findGateway(binding);
            for (const destination of virtualService.destinations)
                destination.resolution = this.resolve(destination.host, virtualService.namespace);
        }
        for (const { backends } of this.httpRoutes)
            for (const backend of backends) backend.resolution = this.service(backend.name, backend.namespace);
        for (const rule of this.destinationRules) rule.resolution = this.resolve(rule.host, rule.namespace);
    }

    private findGateway({
        name,
        gateway,
    }: VirtualService["gateways"][number]): VirtualService["gateways"][number]["gateway"] {
        if (gateway === "mesh" || !isKnown(name)) return gateway;
        const [namespace] = name.split("/");
        const found = this.gateways.find(
            (candidate) => `${String(candidate.namespace)}/${String(candidate.name)}` === name,
        );
        const unnamed = this.gateways.some((candidate) => !isKnown(candidate.name) || !isKnown(candidate.namespace));
        return found ?? (unnamed || this.isOpaque(namespace) ? UNKNOWN : "missing");
    }

    private mayExist(fqdn: string): boolean {
        if (this.hasUnnamedService) return true;
        if (this.serviceEntries.some((entry) => entry.has(fqdn) === "maybe")) return true;
        const local = parseFqdn(fqdn);
        if (!local) return false;
        return this.isOpaque(local.namespace) || (local.name === "kubernetes" && local.namespace === "default");
    }

    private resolveWildcard(pattern: string): Resolution {
        const known = [...this.servicesByName].find(([fqdn]) => covers(pattern, fqdn));
        if (known || this.hasUnnamedService || this.hasOpaqueNamespaces) return { status: "unknown", fqdn: pattern };
        return { status: "missing", fqdn: pattern };
    }

    private coversHost(rule: DestinationRule, resolution: Resolution): boolean {
        const pattern = rule.resolution.fqdn;
        return (
            pattern !== undefined &&
            pattern.includes("*") &&
            resolution.fqdn !== undefined &&
            covers(pattern, resolution.fqdn)
        );
    }

    private suggest(fqdn: string): string | undefined {
        const [name, namespace, ...rest] = fqdn.split(".");
        // `shop.web` and `shop.web.svc` are no short forms to Istio.
        if (namespace && (rest.length === 0 || rest.join(".") === "svc")) {
            const full = `${name}.${namespace}.svc.cluster.local`;
            if (this.servicesByName.has(full)) return full;
        }
        const elsewhere = this.services.find((service) => service.name === name && isKnown(service.fqdn));
        if (elsewhere && isKnown(elsewhere.fqdn)) return elsewhere.fqdn;
        return closest(fqdn, this.servicesByName.keys());
    }
}

/** Builds the model of a mesh from plain objects. */
export function buildMesh(sources: Iterable<SourceObject>, context?: MeshContext): Mesh {
    return new Mesh(sources, context);
}

function readObject(source: SourceObject): MeshObject {
    const object = new MeshObject(source);
    const istio = object.group === "networking.istio.io";
    switch (object.kind) {
        case "Namespace":
            return new Namespace(source);
        case "Service":
            return object.group === "" ? new Service(source) : object;
        case "ServiceEntry":
            return istio ? new ServiceEntry(source) : object;
        case "Gateway":
            return istio ? new Gateway(source) : object;
        case "VirtualService":
            return istio ? new VirtualService(source) : object;
        case "HTTPRoute":
            return object.group === "gateway.networking.k8s.io" ? new HttpRoute(source) : object;
        case "DestinationRule":
            return istio ? new DestinationRule(source) : object;
        case "MutatingWebhookConfiguration":
        case "ValidatingWebhookConfiguration":
            return new WebhookConfiguration(source);
        default:
            return Workload.accepts(object.kind) ? new Workload(source) : object;
    }
}

function fqdnEntry(service: Service): [string, Service][] {
    return isKnown(service.fqdn) && !service.isHidden ? [[service.fqdn, service]] : [];
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
    const groups = new Map<string, T[]>();
    for (const item of items) {
        const group = groups.get(key(item));
        if (group) group.push(item);
        else groups.set(key(item), [item]);
    }
    return groups;
}
