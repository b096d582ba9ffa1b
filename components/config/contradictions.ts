import type { z } from "zod";
import { adoptionProblems } from "./cluster-problems";
import { eksProblems } from "./eks-problems";
import { egressProblems, scopeProblems } from "./egress-problems";
import { chartProblems } from "./monitoring/chart-problems";
import { when, type Finding } from "./finding";
import { gatewayApiProblems } from "./gateway-api-problems";
import { accessProblems } from "./monitoring-problems";
import { ruleProblems } from "./monitoring/rule-problems";
import { receiverProblems } from "./monitoring/secrets";
import { resourceProblems, type Resources } from "./resources";
import type { PlatformConfig } from "./platform";
import { revisionProblems } from "./revision-problems";
import { routeProblems, weightProblems } from "./route-problems";
import {
    callProblems,
    certificateProblems,
    globalRateLimitProblems,
    httpsOnlyProblems,
    mtlsProblems,
    networkPolicyProblems,
    rateLimitProblems,
    requestFilterProblems,
    tokenProblems,
} from "./security-problems";
import { studyProblems } from "./study-problems";
import type { OutlierDetection } from "./traffic";
import { milliseconds } from "./units";

/**
 * Values that are allowed one by one and wrong together: what Kubernetes would refuse halfway through a deployment, and
 * what Istio would accept but never do.
 */

interface Contradiction {
    /** The values that the rule looks at, as paths (`*`: every key): it runs when these are sound, whatever else is wrong. */
    reads: string[];
    /** Everything that contradicts. */
    find(config: PlatformConfig): Finding[];
}

const rules: Contradiction[] = [
    { reads: ["cluster.kind", "monitoring.enabled", "monitoring.grafana", "monitoring.kiali"], find: chartProblems },
    {
        reads: ["cluster", "ecommerce", "mesh.version", "mesh.ingressGateway", "sampleImage"],
        find: eksProblems,
    },
    {
        reads: ["egov.hello.subsets.*.replicas", "egov.hello.weights"],
        find: ({ egov: { hello } }) =>
            hello.weights ? weightProblems("egov.hello.weights", hello.weights, replicasOf(hello.subsets)) : [],
    },
    {
        reads: ["egov.enabled", "egov.hello.subsets.*.replicas", "egov.hello.routes"],
        find: ({ egov: { enabled, hello } }) =>
            enabled ? routeProblems("egov.hello.routes", hello.routes, replicasOf(hello.subsets)) : [],
    },
    {
        reads: ["egov.enabled", "egov.hello.subsets.*.replicas"],
        find: ({ egov: { enabled, hello } }) =>
            when(enabled && pods(hello.subsets) === 0, [
                "egov.hello.subsets",
                "no subset has a replica: nothing would answer; give at least one of them 1 or more",
            ]),
    },
    {
        reads: [
            "egov.enabled",
            "egov.hello.path",
            "egov.hello.routes",
            "ecommerce.enabled",
            "ecommerce.services.*.path",
        ],
        find: prefixProblems,
    },
    {
        reads: [
            "egov.enabled",
            "egov.namespaces",
            "ecommerce.enabled",
            "ecommerce.namespace",
            "study.enabled",
            "study.namespace",
            "mesh.egress.site",
        ],
        find: namespaceProblems,
    },
    {
        reads: ["egov.enabled", "sampleImage"],
        find: ({ egov, sampleImage }) =>
            when(egov.enabled && sampleImage.app === "http-echo", [
                "sampleImage.app",
                'http-echo cannot force errors (E2) nor forward (E7), which egov needs: set it to "sample-app", or egov.enabled to false',
            ]),
    },
    {
        reads: ["study.enabled", "sampleImage"],
        find: ({ study, sampleImage }) =>
            when(study.enabled && sampleImage.app === "http-echo", [
                "sampleImage.app",
                'http-echo can neither forward (T3) nor fail (T11), which the study needs: set it to "sample-app", or study.enabled to false',
            ]),
    },
    {
        reads: ["study"],
        find: ({ study }) => (study.enabled ? studyProblems(study) : []),
    },
    {
        reads: ["study"],
        find: ({ study: { simpleBackend } }) =>
            Object.entries(simpleBackend.profiles).flatMap(([name, { version, outlierDetection }]) => {
                const counts = version === undefined ? simpleBackend.versions : [simpleBackend.versions[version]];
                const replicas = Object.values(counts).reduce((sum, one) => sum + (one?.replicas ?? 0), 0);
                const at = `study.simpleBackend.profiles.${name}.outlierDetection`;
                return outlierDetection ? ejectionProblems(at, outlierDetection, replicas) : [];
            }),
    },
    {
        reads: ["ecommerce.enabled", "ecommerce.services"],
        find: ({ ecommerce }) =>
            when(ecommerce.enabled && Object.keys(ecommerce.services).length === 0, [
                "ecommerce.services",
                "there is no service; name at least one, or set ecommerce.enabled to false",
            ]),
    },
    {
        reads: ["ecommerce.enabled", "ecommerce.services", "ecommerce.canaries"],
        find: ({ ecommerce }) =>
            ecommerce.enabled
                ? Object.keys(ecommerce.canaries)
                      .filter((name) => !(name in ecommerce.services))
                      .map((name): Finding => [
                          `ecommerce.canaries.${name}`,
                          `there is no service "${name}"; there are: ${Object.keys(ecommerce.services).join(", ")}`,
                      ])
                : [],
    },
    {
        reads: [
            "ecommerce.routePolicy.timeout",
            "ecommerce.routePolicy.retries.attempts",
            "ecommerce.routePolicy.retries.perTryTimeout",
        ],
        find: ({ ecommerce: { routePolicy } }) => {
            const { timeout, retries } = routePolicy;
            return when(retries.attempts > 0 && milliseconds(retries.perTryTimeout) > milliseconds(timeout), [
                "ecommerce.routePolicy.retries.perTryTimeout",
                `one try may take ${retries.perTryTimeout}, longer than the whole request (timeout ${timeout}): it would never act; at most ${timeout}`,
            ]);
        },
    },
    {
        reads: [
            "ecommerce.outlierDetection.maxEjectionPercent",
            "ecommerce.outlierDetection.minHealthPercent",
            "ecommerce.replicas",
        ],
        find: ({ ecommerce: { outlierDetection, replicas } }) =>
            ejectionProblems("ecommerce.outlierDetection", outlierDetection, replicas),
    },
    {
        reads: [
            "egov.outlierDetection.maxEjectionPercent",
            "egov.outlierDetection.minHealthPercent",
            "egov.hello.subsets.*.replicas",
        ],
        find: ({ egov: { outlierDetection, hello } }) =>
            ejectionProblems("egov.outlierDetection", outlierDetection, pods(hello.subsets)),
    },
    {
        reads: ["mesh.ingressGateway.nodePorts"],
        find: ({ mesh }) => duplicates(mesh.ingressGateway.nodePorts, "mesh.ingressGateway.nodePorts"),
    },
    {
        reads: ["mesh.ingressGateway.serviceType", "cluster.kind"],
        find: ({ mesh, cluster }) =>
            when(mesh.ingressGateway.serviceType === "LoadBalancer" && cluster.kind !== "eks", [
                "mesh.ingressGateway.serviceType",
                `an ${cluster.kind} cluster has no load balancer: the Service would wait for an address for ever; set it to "NodePort"`,
            ]),
    },
    {
        reads: ["mesh.ingressGateway.autoscaling"],
        find: ({ mesh: { ingressGateway } }) => {
            const { minReplicas, maxReplicas } = ingressGateway.autoscaling ?? { minReplicas: 0, maxReplicas: 0 };
            return when(minReplicas > maxReplicas, [
                "mesh.ingressGateway.autoscaling.minReplicas",
                `${minReplicas} at least and ${maxReplicas} at most cannot both be; at most ${maxReplicas}`,
            ]);
        },
    },
    {
        reads: [
            ...["mesh.version", "mesh.charts", "mesh.routing", "mesh.revisions", "mesh.revisionTag"],
            ...["egov.enabled", "egov.namespaces", "ecommerce.enabled", "ecommerce.namespace"],
            ...["study.enabled", "study.namespace"],
        ],
        find: revisionProblems,
    },
    { reads: ["mesh.egress", "egov.namespaces", "ecommerce.namespace", "study.namespace"], find: egressProblems },
    { reads: ["mesh.routing", "egov", "ecommerce", "study.enabled"], find: gatewayApiProblems },
    {
        reads: ["ecommerce.tls", "ecommerce.hosts"],
        find: (config) => [...certificateProblems(config), ...httpsOnlyProblems(config)],
    },
    {
        reads: ["ecommerce.services.*.path", "ecommerce.tokens.path"],
        find: tokenProblems,
    },
    {
        reads: ["ecommerce.services.*.path", "ecommerce.tokens.path", "ecommerce.rateLimit.path"],
        find: rateLimitProblems,
    },
    {
        reads: [
            "cluster.kind",
            "ecommerce.services.*.path",
            "ecommerce.tokens.path",
            "ecommerce.rateLimit.path",
            "ecommerce.globalRateLimit",
        ],
        find: globalRateLimitProblems,
    },
    {
        reads: ["cluster.kind", "egov.hello", "ecommerce.services.*.path", "mesh.ingressGateway.requestFilter"],
        find: requestFilterProblems,
    },
    {
        reads: ["ecommerce.enabled", "ecommerce.services", "ecommerce.authorization"],
        find: callProblems,
    },
    { reads: ["ecommerce.enabled", "ecommerce.scope", "mesh.egress.hosts"], find: scopeProblems },
    {
        reads: ["mesh.mtls", "egov", "ecommerce", "study"],
        find: mtlsProblems,
    },
    {
        reads: ["mesh.networkPolicies", "egov", "ecommerce", "study"],
        find: networkPolicyProblems,
    },
    {
        reads: ["cluster.kind", "cluster.hostPorts"],
        find: ({ cluster }) =>
            cluster.kind === "eks"
                ? []
                : duplicates(
                      Object.fromEntries(cluster.hostPorts.map(({ hostPort }, index) => [index, hostPort])),
                      "cluster.hostPorts",
                  ),
    },
    { reads: ["cluster"], find: adoptionProblems },
    { reads: ["cluster.kind", "monitoring", "alertingSecrets", "sampleImage"], find: receiverProblems },
    { reads: ["monitoring.rules", "ecommerce.enabled"], find: ruleProblems },
    { reads: ["monitoring", "mesh.routing", "ecommerce"], find: accessProblems },
    resourceRule("mesh.istiod", ({ mesh }) => mesh.istiod),
    resourceRule("mesh.sidecar", ({ mesh }) => mesh.sidecar),
    resourceRule("mesh.ingressGateway.resources", ({ mesh }) => mesh.ingressGateway.resources),
    resourceRule(
        "mesh.ingressGateway.requestFilter.resources",
        ({ mesh }) => mesh.ingressGateway.requestFilter?.resources,
    ),
    resourceRule("mesh.egress.gateway.resources", ({ mesh }) => mesh.egress.gateway.resources),
    resourceRule("egov.resources", ({ egov }) => egov.resources),
    resourceRule("ecommerce.globalRateLimit.resources", ({ ecommerce }) => ecommerce.globalRateLimit?.resources),
    resourceRule("monitoring.tracing.resources", ({ monitoring }) => monitoring.tracing?.resources),
    resourceRule("ecommerce.resources", ({ ecommerce }) => ecommerce.resources),
    resourceRule("study.resources", ({ study }) => study.resources),
];

/** Zod check: adds an issue for each contradiction between values that are sound themselves. */
export function reportContradictions(context: z.core.ParsePayload<PlatformConfig>): void {
    const broken = context.issues.filter(({ code }) => code !== "unrecognized_keys").map(({ path }) => path ?? []);
    const sound = (read: string[]) => !broken.some((path) => concerns(path, read));
    for (const { reads, find } of rules)
        if (reads.every((read) => sound(read.split("."))))
            for (const [path, message] of find(context.value))
                context.issues.push({ code: "custom", input: context.value, path: path.split("."), message });
}

/** Whether a problem at one path is one of what is read at another: either lies within the other. */
function concerns(problem: readonly PropertyKey[], read: readonly string[]): boolean {
    const depth = Math.min(problem.length, read.length);
    return read.slice(0, depth).every((key, index) => key === "*" || key === String(problem[index]));
}

type Subsets = PlatformConfig["egov"]["hello"]["subsets"];

const pods = (subsets: Subsets) => Object.values(subsets).reduce((sum, { replicas }) => sum + replicas, 0);

const replicasOf = (subsets: Subsets) =>
    Object.fromEntries(Object.entries(subsets).map(([name, { replicas }]) => [name, replicas]));

/**
 * All routes are bound to the same hosts and Istio compares prefixes character by character, in an order that nobody
 * chose: of two prefixes of which one begins with the other, one might never be reached. The routes of one list are
 * tried in its order and may share a prefix.
 */
function prefixProblems({ egov, ecommerce }: PlatformConfig): Finding[] {
    const routes: { at: string; name: string; path: string; list?: string }[] = [
        ...(egov.enabled ? [{ at: "egov.hello.path", name: "egov-hello", path: egov.hello.path }] : []),
        ...(egov.enabled
            ? egov.hello.routes.map(({ name, match }, index) => ({
                  at: `egov.hello.routes.${index}.match.prefix`,
                  name: `the route ${name}`,
                  path: match.prefix,
                  list: "egov.hello.routes",
              }))
            : []),
        ...(ecommerce.enabled
            ? Object.entries(ecommerce.services).map(([name, { path }]) => ({
                  at: `ecommerce.services.${name}.path`,
                  name,
                  path,
              }))
            : []),
    ];
    return routes.flatMap((route, index) =>
        routes
            .filter(
                (other, position) =>
                    route.path.startsWith(other.path) && (route.path !== other.path || position < index),
            )
            .filter((other) => other !== route && (route.list === undefined || route.list !== other.list))
            .map((other): Finding => [
                route.at,
                `the prefix ${other.path} of ${other.name} also matches ${route.path}: one of the two might never be reached; give them different beginnings`,
            ]),
    );
}

/** Namespaces that are Kubernetes' or Istio's own. */
const RESERVED_NAMESPACES = ["default", "istio-system", "kube-system", "kube-public", "kube-node-lease"];

function namespaceProblems({ egov, ecommerce, study, mesh: { egress } }: PlatformConfig): Finding[] {
    const named: [string, string][] = [
        ...(egov.enabled
            ? Object.entries(egov.namespaces).map(([key, name]): [string, string] => [`egov.namespaces.${key}`, name])
            : []),
        ...(ecommerce.enabled ? [["ecommerce.namespace", ecommerce.namespace] satisfies [string, string]] : []),
        ...(study.enabled ? [["study.namespace", study.namespace] satisfies [string, string]] : []),
        ...(egress.site ? [["mesh.egress.site.namespace", egress.site.namespace] satisfies [string, string]] : []),
    ];
    return named.flatMap(([at, name], index): Finding[] => {
        const [first] = named.find(([, other]) => other === name)!;
        return [
            ...when(RESERVED_NAMESPACES.includes(name), [
                at,
                `"${name}" belongs to Kubernetes or Istio; choose a name of your own`,
            ]),
            ...when(named.findIndex(([, other]) => other === name) < index, [
                at,
                `"${name}" is already ${first}; every namespace has a name of its own`,
            ]),
        ];
    });
}

/** Outlier detection that Istio accepts and that never ejects, or ejects without effect. */
function ejectionProblems(at: string, outlier: OutlierDetection, replicas: number): Finding[] {
    if (replicas < 2) return [];
    const { maxEjectionPercent, minHealthPercent } = outlier;
    const healthyAfterOne = Math.floor(((replicas - 1) / replicas) * 100);
    return when(minHealthPercent > healthyAfterOne, [
        `${at}.minHealthPercent`,
        `of ${replicas} pods one ejection leaves ${healthyAfterOne} % healthy, below ${minHealthPercent} %: every ejection would be ignored; at most ${healthyAfterOne}`,
    ]).concat(
        when(maxEjectionPercent < Math.ceil(100 / replicas) && minHealthPercent <= healthyAfterOne, [
            `${at}.maxEjectionPercent`,
            `one of ${replicas} pods is ${Math.round(100 / replicas)} % of them, more than ${maxEjectionPercent} %: none could be ejected; at least ${Math.ceil(100 / replicas)}`,
        ]),
    );
}

/** Two keys with one port: Kubernetes, or the machine, refuses the second. */
function duplicates(ports: Readonly<Record<string, number>>, at: string): Finding[] {
    const entries = Object.entries(ports);
    return entries.flatMap(([key, port], index) => {
        const first = entries.findIndex(([, other]) => other === port);
        return when(first < index, [
            `${at}.${key}`,
            `${port} is already the port of ${entries[first]![0]}; every port is used once`,
        ]);
    });
}

/** Requests and limits at a path, where they are declared. */
function resourceRule(at: string, select: (config: PlatformConfig) => Resources | undefined): Contradiction {
    return {
        reads: [at],
        find: (config) => {
            const resources = select(config);
            return resources ? resourceProblems(at, resources) : [];
        },
    };
}
