import type { Field } from "./field";
import { parseFqdn } from "./host";
import type { Mesh } from "./mesh";
import type { MeshObject } from "./object";
import { podContainers } from "./pod";
import type { Service, ServicePort } from "./service";
import { isKnown, UNKNOWN } from "./unknown";
import type { Workload } from "./workload";

/** A call that the manifests show: somebody's pods send requests to a port of a Service. */
export interface Call {
    readonly client: Workload;
    readonly service: Service;
    readonly port: ServicePort;
    /** What shows it: a variable with an address, or a route of a gateway. */
    readonly shownBy: { readonly object: MeshObject; readonly field: Field };
}

/** An address in a text: `http://orders.shop:8080/x`, or `orders.shop.svc.cluster.local:8080`. */
export interface Address {
    readonly host: string;
    readonly port: number | undefined;
    readonly scheme: string | undefined;
}

const URL_PATTERN =
    /\b([a-z][a-z0-9+.-]*):\/\/(?:[^\s/@"']*@)?([a-zA-Z0-9][a-zA-Z0-9.-]*)(?::(\d{1,5}))?(?=[/\s"'`?,;)}\]]|$)/g;
const NAME_PATTERN =
    /(?<![\w./@-])([a-z0-9][a-z0-9-]*\.[a-z0-9][a-z0-9-]*\.svc(?:\.cluster\.local)?)(?::(\d{1,5}))?(?![\w.-])/g;

/** The addresses in a text. */
export function addressesIn(text: string): Address[] {
    const urls = [...text.matchAll(URL_PATTERN)].map(([, scheme, host, port]) => ({
        scheme: scheme as string,
        host: host as string,
        port: port === undefined ? undefined : Number(port),
    }));
    const names = [...text.matchAll(NAME_PATTERN)].map(([, host, port]) => ({
        scheme: undefined,
        host: host as string,
        port: port === undefined ? undefined : Number(port),
    }));
    const known = new Set(urls.map(({ host, port }) => `${host}:${port}`));
    return [...urls, ...names.filter(({ host, port }) => !known.has(`${host}:${port}`))];
}

/** Name and namespace that a host means to the cluster's DNS in a namespace; undefined for a host outside. */
export function clusterName(host: string, namespace: string): { name: string; namespace: string } | undefined {
    const full = host.replace(/\.$/, "");
    const local = parseFqdn(full.endsWith(".svc") ? `${full}.cluster.local` : full);
    if (local) return local;
    const parts = full.split(".");
    if (parts.length === 1) return { name: full, namespace };
    return parts.length === 2 ? { name: parts[0] as string, namespace: parts[1] as string } : undefined;
}

const PORT_OF: Readonly<Record<string, number>> = { http: 80, https: 443, grpc: 80 };

/** Texts in which a workload's pods are told whom to call. */
export function* spokenAddresses(workload: Workload): Iterable<{ address: Address; field: Field }> {
    for (const { field } of podContainers(workload)) {
        const texts = [
            ...field
                .get("env")
                .items()
                .map((variable) => variable.get("value")),
            ...field.get("args").items(),
            ...field.get("command").items(),
        ];
        for (const place of texts) {
            const text = place.text();
            if (isKnown(text) && !isDocument(text))
                for (const address of addressesIn(text)) yield { address, field: place };
        }
    }
}

/** JSON is what a program works with, such as an answer with a picture's address in it; nobody is told to call that. */
const isDocument = (text: string): boolean => /^(?:-{1,2}[\w-]+=)?\s*[[{]/.test(text);

const worked = new WeakMap<Mesh, readonly Call[]>();

/** Every call that the manifests show: worked out once for all rules. */
export function calls(mesh: Mesh): readonly Call[] {
    const known = worked.get(mesh) ?? [...fromVariables(mesh), ...fromRoutes(mesh)];
    worked.set(mesh, known);
    return known;
}

function* fromVariables(mesh: Mesh): Iterable<Call> {
    for (const workload of mesh.workloads)
        for (const { address, field } of spokenAddresses(workload)) {
            if (!isKnown(workload.namespace)) continue;
            const name = clusterName(address.host, workload.namespace);
            if (!name) continue;
            const service = mesh.services.find((one) => one.name === name.name && one.namespace === name.namespace);
            const wanted = address.port ?? PORT_OF[address.scheme ?? ""];
            const port = service?.ports.find(({ number }) => number === wanted);
            if (service && port) yield { client: workload, service, port, shownBy: { object: workload, field } };
        }
}

/** A gateway's proxies call what the routes bound to it lead to. */
function* fromRoutes(mesh: Mesh): Iterable<Call> {
    for (const virtualService of mesh.virtualServices)
        for (const { gateway } of virtualService.gateways) {
            if (typeof gateway !== "object") continue;
            for (const client of gateway.workloads)
                for (const { resolution, port: number, field } of virtualService.destinations) {
                    if (resolution.status !== "service" || number === UNKNOWN) continue;
                    const { service } = resolution;
                    const port =
                        number === undefined ? service.ports[0] : service.ports.find((one) => one.number === number);
                    if (port && (number !== undefined || service.ports.length === 1))
                        yield { client, service, port, shownBy: { object: virtualService, field } };
                }
        }
}
