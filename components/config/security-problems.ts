import { helloPorts } from "./apps";
import { when, type Finding } from "./finding";
import type { PlatformConfig } from "./platform";
import { studyContainerPorts } from "./study";

/** Security settings that Istio would accept and never act on, or that contradict one another. */

/** Exceptions to mutual TLS that change nothing, contradict each other, or are for nobody (S3). */
export function mtlsProblems(config: PlatformConfig): Finding[] {
    const { mode, exceptions } = config.mesh.mtls;
    const known = workloads(config);
    const display = ({ namespace, app, port }: Workload) => `${namespace}/${app}:${port}`;
    return exceptions.flatMap((exception, index): Finding[] => {
        const at = `mesh.mtls.exceptions.${index}`;
        const own = display(exception);
        return [
            ...when(exception.mode === mode, [
                `${at}.mode`,
                `${mode} is the mode of the whole mesh: the exception would change nothing; leave it out`,
            ]),
            ...when(exceptions.findIndex((other) => display(other) === own) < index, [
                at,
                `${own} has an exception already; every port has one at most`,
            ]),
            ...when(!known.some((workload) => display(workload) === own), [
                at,
                `no workload ${own}: the exception would be for nobody; there are: ${known.map(display).join(", ")}`,
            ]),
        ];
    });
}

interface Workload {
    namespace: string;
    app: string;
    port: number;
}

/** Every workload with a sidecar and the port that it listens on. */
function workloads({ egov, ecommerce, study }: PlatformConfig): Workload[] {
    return [
        ...(egov.enabled
            ? [
                  { namespace: egov.namespaces.app, app: "egov-hello", port: helloPorts.container },
                  { namespace: egov.namespaces.infra, app: "gateway-server", port: egov.gatewayServer.port },
              ]
            : []),
        ...(ecommerce.enabled
            ? Object.keys(ecommerce.services).map((app) => ({
                  namespace: ecommerce.namespace,
                  app,
                  port: ecommerce.containerPort,
              }))
            : []),
        ...(study.enabled
            ? Object.entries(studyContainerPorts).map(([app, port]) => ({ namespace: study.namespace, app, port }))
            : []),
    ];
}

/** Namespaces that are no system's: nothing would be admitted (S6). */
export function networkPolicyProblems(config: PlatformConfig): Finding[] {
    const { egov, ecommerce, study } = config;
    const systems = [egov.namespaces.app, egov.namespaces.infra, ecommerce.namespace, study.namespace];
    const unknown = (at: string, name: string) =>
        when(!systems.includes(name), [at, `no system has the namespace ${name}; there are: ${systems.join(", ")}`]);
    return Object.entries(config.mesh.networkPolicies?.admitted ?? {}).flatMap(([namespace, admitted]) => {
        const at = `mesh.networkPolicies.admitted.${namespace}`;
        return [...unknown(at, namespace), ...admitted.flatMap((name, index) => unknown(`${at}.${index}`, name))];
    });
}

/** Hosts that would be redirected and answered at once: Istio would do one of both (P5). */
export function httpsOnlyProblems({ ecommerce: { tls, hosts } }: PlatformConfig): Finding[] {
    return (tls?.httpsOnlyHosts ?? []).flatMap((host, index) =>
        when(hosts.includes(host), [
            `ecommerce.tls.httpsOnlyHosts.${index}`,
            `${host} is among ecommerce.hosts, which are answered over plain HTTP: it cannot be redirected, too; leave it out here or there`,
        ]),
    );
}

/** Certificates for nobody, and such that would be made anew by every deployment (P5). */
export function certificateProblems({ ecommerce: { tls, hosts } }: PlatformConfig): Finding[] {
    if (tls?.certificate.source !== "self-signed") return [];
    const { validDays, renewBeforeDays } = tls.certificate;
    return [
        ...when(
            [...hosts, ...tls.httpsOnlyHosts].every((host) => host === "*"),
            ["ecommerce.hosts", 'a certificate is for names, and "*" is none; add one, for example api.c4ang.com'],
        ),
        ...when(renewBeforeDays >= validDays, [
            "ecommerce.tls.certificate.renewBeforeDays",
            `a certificate of ${validDays} days would be due at once, and every deployment would make another one; at most ${validDays - 1}`,
        ]),
    ];
}

/** A path that leads nowhere, and one whose answers the suite asks for without a token (S5). */
export function tokenProblems({ ecommerce: { services, tokens } }: PlatformConfig): Finding[] {
    if (!tokens) return [];
    return outsideProblem("ecommerce.tokens.path", tokens.path, services, "ask for tokens");
}

/** A path that lies below no service's own. */
function outsideProblem(
    at: string,
    path: string,
    services: PlatformConfig["ecommerce"]["services"],
    consequence: string,
): Finding[] {
    const prefixes = Object.values(services).map((service) => `${service.path}/`);
    return when(!prefixes.some((prefix) => path.startsWith(prefix)), [
        at,
        `${path} is not below the path of a service, so that nothing answers there, or everything of a service would ${consequence}; ` +
            `take one below ${prefixes[0]}`,
    ]);
}

/** A limit for everything of a service, and one for requests that are refused before they count (S7). */
export function rateLimitProblems({ ecommerce: { services, tokens, rateLimit } }: PlatformConfig): Finding[] {
    if (!rateLimit) return [];
    const { path } = rateLimit;
    return [
        ...outsideProblem("ecommerce.rateLimit.path", path, services, "be limited"),
        ...when(tokens !== undefined && path.startsWith(tokens.path), [
            "ecommerce.rateLimit.path",
            `requests to ${path} without a token are refused before they count (ecommerce.tokens.path ${tokens?.path}); take another path`,
        ]),
    ];
}

/** A global limit for everything of a service, for requests that others stop first, and one without images (S7). */
export function globalRateLimitProblems({ cluster, ecommerce }: PlatformConfig): Finding[] {
    const { services, tokens, rateLimit, globalRateLimit } = ecommerce;
    if (!globalRateLimit) return [];
    const at = "ecommerce.globalRateLimit";
    const { path } = globalRateLimit;
    const other = rateLimit?.path ?? "";
    const images = (["image", "redisImage"] as const).filter((image) => globalRateLimit[image] === undefined);
    return [
        ...outsideProblem(`${at}.path`, path, services, "be limited"),
        ...when(tokens !== undefined && path.startsWith(tokens.path), [
            `${at}.path`,
            `requests to ${path} without a token are refused before they count (ecommerce.tokens.path ${tokens?.path}); take another path`,
        ]),
        ...when(rateLimit !== undefined && (path.startsWith(other) || other.startsWith(path)), [
            `${at}.path`,
            `ecommerce.rateLimit.path ${other} limits the same requests: which limit they meet first is left to chance; take another path`,
        ]),
        ...images.flatMap((image) =>
            when(cluster.kind === "eks", [
                `${at}.${image}`,
                `on a cluster of the kind ${cluster.kind} nobody builds the image; name one that the cluster can pull`,
            ]),
        ),
    ];
}

/** A filter for requests that lead nowhere, and one without an image (C14). */
export function requestFilterProblems({ cluster, egov, ecommerce, mesh }: PlatformConfig): Finding[] {
    const { requestFilter } = mesh.ingressGateway;
    if (!requestFilter) return [];
    const at = "mesh.ingressGateway.requestFilter";
    const routed = [
        egov.hello.path,
        ...egov.hello.routes.map(({ match }) => match.prefix),
        ...Object.values(ecommerce.services).map(({ path }) => path),
    ];
    return [
        ...requestFilter.paths.flatMap((path, index) =>
            when(!routed.some((prefix) => prefix.startsWith(path) || path.startsWith(prefix)), [
                `${at}.paths.${index}`,
                `no route begins with ${path}, so that nothing would be looked at; there are: ${routed.join(", ")}`,
            ]),
        ),
        ...when(cluster.kind === "eks" && requestFilter.image === undefined, [
            `${at}.image`,
            `on a cluster of the kind ${cluster.kind} nobody builds the image; name one of services/request-filter that the cluster can pull`,
        ]),
    ];
}

/** Callers and called services that do not exist: Istio would wait for them for ever (S4). */
export function callProblems({ ecommerce: { enabled, services, authorization } }: PlatformConfig): Finding[] {
    if (!enabled || !authorization) return [];
    const known = Object.keys(services);
    const unknown = (at: string, name: string) =>
        when(!known.includes(name), [at, `there is no service "${name}"; there are: ${known.join(", ")}`]);
    return Object.entries(authorization.calls).flatMap(([caller, called]) => {
        const at = `ecommerce.authorization.calls.${caller}`;
        return [
            ...unknown(at, caller),
            ...(called === "all" ? [] : called.flatMap((name, index) => unknown(`${at}.${index}`, name))),
        ];
    });
}
