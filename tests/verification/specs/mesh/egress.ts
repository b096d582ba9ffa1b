import { siteHost, siteHosts, undeclaredServices, type ExternalHost } from "../../../../components/config/egress";
import { defineSpec, exclusive } from "../../spec";
import { power, requestsToSee } from "../../statistics/sample-size";
import type { Listener } from "../../proxy-views/envoy";
import type { Answer, Pod, Target } from "../../target/target";
import { describe, fail, grouped, tally } from "../support/answers";
import { applicationPods, core, egressGateway, istio, outsideSite } from "../support/names";
import { newKey, recordings } from "../support/recordings";
import { knows } from "../support/scope";

/** Smallest share of requests on a wrong way that is noticed. */
const leak = 0.25;
/** Where Envoy sends what it is not to let out. */
const blackHole = "BlackHoleCluster";

export const egress = defineSpec({
    name: "egress",
    description:
        "Pods of several namespaces call the site outside by each of its names: what is not declared is refused by the sidecar and never arrives; what is declared answers, and the site itself tells whether the egress gateway or the pod had asked.",
    needs: [],
    locks: () => exclusive("egress"),
    checks: {
        policy: {
            ids: ["T7"],
            title: "T7 policy: every sidecar has the declared policy for hosts that it does not know",
        },
        refused: {
            ids: ["T7", "P11"],
            title: "T7 refused: a host that is not declared is answered with an error by the sidecar and hears nothing",
            needs: ["registry-only", "undeclared-host", "sample-app"],
        },
        blackHole: {
            ids: ["T7", "P11"],
            title: "T7 black hole: connections to a port that no Service has end in the sidecar, each counted",
            needs: ["registry-only", "undeclared-host", "sample-app"],
        },
        admitted: {
            ids: ["T7"],
            title: "T7 admitted: every declared host answers requests from inside the mesh",
            needs: ["site-hosts", "sample-app"],
        },
        gateway: {
            ids: ["P11"],
            title: "P11 egress gateway: each request to a host behind it leaves the mesh through it, by its count and the host's",
            needs: ["hosts-through-gateway", "sample-app"],
        },
        direct: {
            ids: ["P11"],
            title: "P11 direct: requests to the other declared hosts leave the mesh from the pod itself",
            needs: ["hosts-through-sidecar", "sample-app"],
        },
    },
    evidence: async (target) => ({
        pods: [...(await gatewayPods(target)), ...(await clients(target))],
        clusters: [...siteHosts(target.config.mesh.egress).map(([, { host }]) => host), egressGateway, blackHole],
        objects: [
            { ...istio.serviceEntry, namespace: "istio-system" },
            { ...istio.virtualService, namespace: "istio-system" },
            { ...istio.gateway, namespace: "istio-system" },
            ...(target.config.mesh.egress.site
                ? [{ ...core.service, namespace: target.config.mesh.egress.site.namespace }]
                : []),
        ],
    }),
    async run({ target, config, check, all, wanted, progress }) {
        const { egress: declared, outboundTrafficPolicy } = config.mesh;
        const count = requestsToSee(leak, { missed: 1 - power });
        const callers = await clients(target);

        await all(
            () =>
                check("policy", async () => {
                    const wantedCluster = outboundTrafficPolicy === "REGISTRY_ONLY" ? blackHole : "PassthroughCluster";
                    const pods = (await applicationPods(target)).filter(({ sidecar }) => sidecar?.ready);
                    const seen = await Promise.all(
                        pods.map(async (pod) => ({ subject: pod.name, seen: await unknownHostCluster(target, pod) })),
                    );
                    const wrong = seen.filter((one) => one.seen !== wantedCluster);
                    if (wrong.length === 0 && pods.length > 0) return;
                    fail({
                        expected: `mesh.outboundTrafficPolicy ${outboundTrafficPolicy}: every sidecar leads connections to unknown hosts to ${wantedCluster}`,
                        seen: grouped(wrong) || "there are no pods with a sidecar",
                        cause: "the mesh configuration was changed by hand, or a Sidecar has a policy of its own",
                        action: "kubectl -n istio-system get configmap istio -o yaml; kubectl get sidecars -A",
                    });
                }),
            () => check("refused", () => refused()),
            () => check("blackHole", () => endInBlackHole()),
            async () => {
                if (!wanted("admitted", "gateway", "direct")) return;
                progress("requests to declared hosts");
                await declaredHosts();
            },
        );

        async function refused(): Promise<void> {
            const site = declared.site!;
            const problems = await Promise.all(
                undeclaredServices(declared).flatMap((service) =>
                    callers.map(async (pod) => {
                        const visit = await visitSite(target, pod, `http://${siteHost(site, service)}/`, count);
                        const wrong = visit.answers.filter(({ status, pod: by }) => status !== 502 || by !== undefined);
                        const problem = [
                            ...(wrong.length > 0 ? [`${tally(wrong)}`] : []),
                            ...(visit.senders.length > 0 ? [`${visit.senders.length} requests arrived`] : []),
                        ].join(", ");
                        return { subject: `${service} from ${pod.name}`, seen: problem };
                    }),
                ),
            );
            const wrong = problems.filter(({ seen }) => seen !== "");
            if (wrong.length === 0 && callers.length > 0) return;
            fail({
                expected: "502 from the sidecar to every request, none of which leaves the pod",
                seen: grouped(wrong) || "there is no pod to send from",
                cause: "outboundTrafficPolicy is ALLOW_ANY, or a ServiceEntry or a Service makes the host known to the mesh",
                action: "kubectl get serviceentries -A; is the Service's annotation networking.istio.io/exportTo still there?",
            });
        }

        async function endInBlackHole(): Promise<void> {
            const site = declared.site!;
            const url = `http://${siteHost(site, undeclaredServices(declared)[0]!)}:${site.otherPort}/`;
            const results = await Promise.all(
                callers.map(async (pod) => {
                    const before = await refusedConnections(target, pod);
                    const visit = await visitSite(target, pod, url, count);
                    const counted = (await refusedConnections(target, pod)) - before;
                    const answered = visit.answers.filter(({ status }) => status !== undefined);
                    const problem = [
                        ...(answered.length > 0 ? [tally(answered)] : []),
                        ...(visit.senders.length > 0 ? [`${visit.senders.length} requests arrived`] : []),
                        ...(counted === count ? [] : [`${blackHole} counted ${counted} connections of ${count}`]),
                    ].join(", ");
                    return { subject: pod.name, seen: problem };
                }),
            );
            const wrong = results.filter(({ seen }) => seen !== "");
            if (wrong.length === 0 && callers.length > 0) return;
            fail({
                expected: `${count} connections to ${url} from each pod, all closed by the sidecar and counted in ${blackHole}`,
                seen: grouped(wrong) || "there is no pod to send from",
                cause: "outboundTrafficPolicy is ALLOW_ANY, or something makes the host or the port known to the mesh",
                action: "kubectl -n istio-system get configmap istio -o yaml; kubectl get serviceentries,sidecars -A",
            });
        }

        async function declaredHosts(): Promise<void> {
            const gateways = await gatewayPods(target);
            const hosts = siteHosts(declared);
            const passed = () => passedGateway(target, gateways, hosts);
            const before = await passed();
            const visits = await Promise.all(
                hosts.flatMap(([name, host]) =>
                    callers.map(async (pod) => ({
                        name,
                        host,
                        pod,
                        ...(await visitSite(target, pod, `http://${host.host}:${host.port}/`, count)),
                    })),
                ),
            );
            const after = await passed();
            await all(
                () =>
                    check("admitted", async () => {
                        const wrong = visits.flatMap(({ name, pod, answers }) =>
                            answers
                                .filter(({ status, pod: by }) => status !== 200 || by === undefined)
                                .map((answer) => ({ subject: `${name} from ${pod.name}`, seen: describe(answer) })),
                        );
                        if (wrong.length === 0 && visits.length > 0) return;
                        fail({
                            expected: `200 from the site to ${count} requests for each declared host from each pod`,
                            seen: grouped(distinct(wrong)) || "nothing was sent",
                            cause: "the ServiceEntry is missing or has another host or port; or the egress gateway, its Gateway or its VirtualService does",
                            action: "kubectl -n istio-system get serviceentries,virtualservices,gateways,pods",
                        });
                    }),
                () =>
                    check("gateway", async () => {
                        const own = visits.filter(({ host }) => host.through === "gateway");
                        const ips = gateways.map(({ ip }) => ip);
                        const problems = own.flatMap(({ name, pod, senders }) =>
                            wrongSenders(`${name} from ${pod.name}`, senders, ips, count),
                        );
                        const sent = own.length * count;
                        if (problems.length === 0 && after - before === sent) return;
                        fail({
                            expected: `the host hears every one of ${sent} requests from the egress gateway (${ips.join(", ")}), which counts as many`,
                            seen: `${grouped(problems) || "all arrived from it"}; the gateway counted ${after - before}`,
                            cause: "the VirtualService leads past the egress gateway, or the gateway does not pass the requests on",
                            action: `kubectl -n istio-system get virtualservices; npm run inspect -- ${egressGateway} routes`,
                        });
                    }),
                () =>
                    check("direct", async () => {
                        const problems = visits
                            .filter(({ host }) => host.through === "sidecar")
                            .flatMap(({ name, pod, senders }) =>
                                wrongSenders(`${name} from ${pod.name}`, senders, [pod.ip], count),
                            );
                        if (problems.length === 0) return;
                        fail({
                            expected: `the host hears ${count} requests from each pod itself`,
                            seen: grouped(problems),
                            cause: "the ServiceEntry is missing or has another host or port, or a VirtualService leads elsewhere",
                            action: "kubectl -n istio-system get serviceentries,virtualservices",
                        });
                    }),
            );
        }
    },
});

/** Pods that send requests, each of another namespace: what all sidecars have been told is compared besides. */
const callerCount = 2;

/** One pod with a sidecar of some namespaces: those whose sidecars know every declared host. */
async function clients(target: Target): Promise<Pod[]> {
    const pods = (await applicationPods(target)).filter(
        ({ namespace, sidecar, readySince }) =>
            sidecar?.ready && readySince && knows(target.config, namespace, "istio-system"),
    );
    return [...new Map(pods.map((pod) => [pod.namespace, pod])).values()].slice(0, callerCount);
}

async function gatewayPods({ kubernetes }: Target): Promise<Pod[]> {
    const pods = await kubernetes.pods("istio-system", { app: egressGateway });
    return pods.filter(({ readySince }) => readySince);
}

/** Sends requests for one of the site's names from a pod; the answers, and from which addresses the site was asked. */
async function visitSite(
    target: Target,
    pod: Pod,
    url: string,
    count: number,
): Promise<{ answers: Answer[]; senders: string[] }> {
    const { key, headers } = newKey();
    const answers = await target.inside(pod, url, { headers }, { count, concurrency: 4 });
    const { namespace } = target.config.mesh.egress.site!;
    const site = await target.kubernetes.pods(namespace, { app: outsideSite });
    const heard = await recordings(target, site, key);
    return { answers, senders: heard.map(({ from }) => from) };
}

/** Where a sidecar leads connections to hosts and ports that it does not know. */
async function unknownHostCluster(target: Target, pod: Pod): Promise<string> {
    const dump = await target.proxy(pod).get("config_dump?resource=dynamic_listeners&name_regex=%5EvirtualOutbound%24");
    const chains =
        (JSON.parse(dump) as ListenerDump).configs?.flatMap(({ active_state }) => {
            const { filter_chains = [], default_filter_chain: last } = active_state?.listener ?? {};
            return [...filter_chains, ...(last ? [last] : [])];
        }) ?? [];
    const open = chains.filter(({ filter_chain_match: match }) => match?.destination_port === undefined);
    return open
        .flatMap(({ filters = [] }) => filters.flatMap(({ typed_config }) => typed_config?.cluster ?? []))
        .join();
}

interface ListenerDump {
    configs?: { active_state?: { listener?: Listener } }[];
}

/** Connections that a sidecar has sent to nowhere. */
async function refusedConnections(target: Target, pod: Pod): Promise<number> {
    const stats = await target.proxy(pod).get(`stats?filter=${blackHole}.*upstream_cx_none_healthy`);
    return Number(/: (\d+)/.exec(stats)?.[1] ?? 0);
}

/** Requests that the egress gateway has sent to the hosts which are to be reached through it. */
async function passedGateway(
    target: Target,
    gateways: readonly Pod[],
    hosts: readonly [name: string, host: ExternalHost][],
): Promise<number> {
    const clusters = hosts
        .filter(([, { through }]) => through === "gateway")
        .map(([, { host, port }]) => `outbound|${port}||${host}`);
    const counts = await Promise.all(
        gateways.flatMap((pod) => clusters.map((cluster) => target.proxy(pod).hosts(cluster))),
    );
    return counts.flat().reduce((sum, { requests }) => sum + requests, 0);
}

/** What is wrong with the addresses from which a host was asked. */
function wrongSenders(
    subject: string,
    senders: readonly string[],
    allowed: readonly string[],
    count: number,
): { subject: string; seen: string }[] {
    const others = senders.filter((sender) => !allowed.includes(sender));
    return [
        ...(senders.length === count ? [] : [{ subject, seen: `${senders.length} of ${count} requests arrived` }]),
        ...(others.length === 0 ? [] : [{ subject, seen: `${others.length} from ${[...new Set(others)].join(", ")}` }]),
    ];
}

function distinct<T extends { subject: string; seen: string }>(all: readonly T[]): T[] {
    return [...new Map(all.map((one) => [`${one.subject} ${one.seen}`, one])).values()];
}
