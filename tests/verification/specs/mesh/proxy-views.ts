import { sections, takeSnapshot, type ProxySnapshot } from "../../proxy-views/snapshot";
import { defineSpec } from "../../spec";
import { Semaphore } from "../../target/semaphore";
import type { Pod } from "../../target/target";
import { fail, grouped } from "../support/answers";
import { filterProblems } from "../support/declared-filters";
import { declaration, viewProblems, type DeclaredService } from "../support/declared-views";
import { applicationPods, ingressGateway } from "../support/names";
import { knows } from "../support/scope";
import { settled } from "../support/settled";

/** Namespace of the gateways and of what they ask. */
const istioNamespace = "istio-system";
/** Proxies that are read at once: each answers with hundreds of kilobytes, and other specs want answers, too. */
const atOnce = 4;

/** What is looked at of every proxy, beside its sections: the filters of sidecars and those of gateways. */
const aspects = [...sections, "sidecarFilters", "gatewayFilters"] as const;
type Aspect = (typeof aspects)[number];

const filters = {
    expected:
        "filters that Istio gives to every proxy, those that declared objects add, and exactly the policies of these objects, with their callers and requests",
    cause: "an AuthorizationPolicy, a RequestAuthentication, an EnvoyFilter or a WasmPlugin that nobody declares is in force, or a declared one is not, or not as declared",
    action: "kubectl get authorizationpolicies,requestauthentications,envoyfilters,wasmplugins -A: look for what the program has not declared",
};

const told: Record<Aspect, { expected: string; cause: string; action?: string }> = {
    listeners: {
        expected: "every proxy to listen for what is sent to and from its pod, and every listener to have its routes",
        cause: "an EnvoyFilter, a Sidecar or a Gateway took a listener away",
    },
    routes: {
        expected:
            "a route for each declared Service in every sidecar that is to know it and for each declared prefix in the gateway, none of them to a cluster that is missing",
        cause: "a VirtualService is missing or names another host, gateway or port; or the Service is hidden from the proxy (exportTo, Sidecar)",
    },
    clusters: {
        expected: "a cluster for each port of each declared Service in every proxy that is to know it",
        cause: "the Service is missing, has another port, or is hidden from the proxy (exportTo, Sidecar)",
    },
    endpoints: {
        expected: "behind each declared Service exactly the addresses of its ready pods, in every proxy",
        cause: "the Service's selector or targetPort does not fit the pods, or the proxy does not hear from istiod",
    },
    sidecarFilters: filters,
    gatewayFilters: filters,
};

export const proxyViews = defineSpec({
    name: "proxy-views",
    description:
        "What every sidecar and every pod of the ingress gateway has been told agrees with what is declared, section by section, and is whole: listeners have their routes, routes their clusters, clusters the addresses of the ready pods. The filters of all proxies do what the declared objects say, and nothing else.",
    needs: [],
    locks: () => [],
    checks: {
        listeners: {
            ids: ["T14"],
            title: "T14 LDS: every proxy listens for what is declared, and has the routes of its listeners",
        },
        routes: {
            ids: ["T14"],
            title: "T14 RDS: every proxy has a route for what is declared, and the clusters of its routes",
        },
        clusters: { ids: ["T14"], title: "T14 CDS: every proxy has a cluster for each declared Service" },
        endpoints: { ids: ["T14"], title: "T14 EDS: every proxy has exactly the ready pods of each declared Service" },
        sidecarFilters: {
            ids: ["T14", "S4"],
            title: "T14 S4 filters: in every sidecar the declared policies are in force, and nothing else stops or changes a request",
        },
        gatewayFilters: {
            ids: ["T14", "S4"],
            title: "T14 S4 filters: in every gateway the declared policies are in force, and nothing else stops or changes a request",
        },
    },
    evidence: async (target) => ({ pods: await target.gatewayPods() }),
    async run({ target, config, check, all, signal, progress }) {
        const found = Object.fromEntries(aspects.map((aspect) => [aspect, []])) as unknown as Record<
            Aspect,
            { subject: string; seen: string }[]
        >;
        const turns = new Semaphore(atOnce);
        const look = async (): Promise<string[]> => {
            const [pods, gateways, istioPods] = await Promise.all([
                applicationPods(target),
                target.gatewayPods(),
                target.kubernetes.pods(istioNamespace),
            ]);
            const others = istioPods.filter(
                ({ name, sidecar }) => sidecar?.ready && !gateways.some((gateway) => gateway.name === name),
            );
            const declared = declaration(
                config,
                pods.filter(({ readySince }) => readySince),
            );
            const compare = (pod: Pod, kind: "sidecar" | "gateway") =>
                turns.use(async () => {
                    const known = ({ namespace }: DeclaredService) =>
                        kind === "gateway" || knows(config, pod.namespace, namespace);
                    const own = { ...declared, services: declared.services.filter(known) };
                    const snapshot = await takeSnapshot(target.proxy(pod));
                    return { pod, problems: { ...viewProblems(snapshot, kind, own), ...filtersOf(pod, snapshot) } };
                });
            const filtersOf = (pod: Pod, { listeners }: ProxySnapshot) => ({
                [listeners["virtualInbound"] ? "sidecarFilters" : "gatewayFilters"]: filterProblems(
                    { ...pod, listeners },
                    target.objects,
                ),
            });
            const compareFilters = (pod: Pod) =>
                turns.use(async () => ({ pod, problems: filtersOf(pod, await takeSnapshot(target.proxy(pod))) }));
            const proxies = await Promise.all([
                ...pods.filter(({ sidecar }) => sidecar?.ready).map((pod) => compare(pod, "sidecar")),
                ...gateways.map((pod) => compare(pod, "gateway")),
                ...others.map(compareFilters),
            ]);
            for (const aspect of aspects)
                found[aspect] = [
                    ...(gateways.length === 0 && aspect !== "sidecarFilters"
                        ? [{ subject: ingressGateway, seen: "there is no ready pod" }]
                        : []),
                    ...proxies.flatMap(({ pod, problems }) =>
                        ((problems as Partial<Record<Aspect, string[]>>)[aspect] ?? []).map((seen) => ({
                            subject: pod.name,
                            seen,
                        })),
                    ),
                ];
            return aspects.flatMap((aspect) => found[aspect].map(({ seen }) => seen));
        };
        progress("the views of all proxies");
        await settled(look, signal);
        await all(
            ...aspects.map(
                (aspect) => () =>
                    check(aspect, async () => {
                        if (found[aspect].length === 0) return;
                        fail({
                            action: `npm run inspect -- POD ${aspect}; compare with the Services, VirtualServices and pods`,
                            ...told[aspect],
                            seen: grouped(found[aspect]),
                        });
                    }),
            ),
        );
    },
});
