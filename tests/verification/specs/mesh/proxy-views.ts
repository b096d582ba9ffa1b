import { sections, takeSnapshot, type Section } from "../../proxy-views/snapshot";
import { defineSpec } from "../../spec";
import { Semaphore } from "../../target/semaphore";
import type { Pod } from "../../target/target";
import { fail, grouped } from "../support/answers";
import { declaration, viewProblems, type DeclaredService } from "../support/declared-views";
import { applicationPods, ingressGateway } from "../support/names";
import { knows } from "../support/scope";
import { settled } from "../support/settled";

/** Proxies that are read at once: each answers with hundreds of kilobytes, and other specs want answers, too. */
const atOnce = 4;

const told: Record<Section, { expected: string; cause: string }> = {
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
};

export const proxyViews = defineSpec({
    name: "proxy-views",
    description:
        "What every sidecar and every pod of the ingress gateway has been told agrees with what is declared, section by section, and is whole: listeners have their routes, routes their clusters, clusters the addresses of the ready pods.",
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
    },
    evidence: async (target) => ({ pods: await target.gatewayPods() }),
    async run({ target, config, check, all, signal, progress }) {
        const found: Record<Section, { subject: string; seen: string }[]> = {
            listeners: [],
            routes: [],
            clusters: [],
            endpoints: [],
        };
        const turns = new Semaphore(atOnce);
        const look = async (): Promise<string[]> => {
            const [pods, gateways] = await Promise.all([applicationPods(target), target.gatewayPods()]);
            const declared = declaration(
                config,
                pods.filter(({ readySince }) => readySince),
            );
            const compare = (pod: Pod, kind: "sidecar" | "gateway") =>
                turns.use(async () => {
                    const known = ({ namespace }: DeclaredService) =>
                        kind === "gateway" || knows(config, pod.namespace, namespace);
                    const own = { ...declared, services: declared.services.filter(known) };
                    return { pod, problems: viewProblems(await takeSnapshot(target.proxy(pod)), kind, own) };
                });
            const proxies = await Promise.all([
                ...pods.filter(({ sidecar }) => sidecar?.ready).map((pod) => compare(pod, "sidecar")),
                ...gateways.map((pod) => compare(pod, "gateway")),
            ]);
            for (const section of sections)
                found[section] = [
                    ...(gateways.length === 0 ? [{ subject: ingressGateway, seen: "there is no ready pod" }] : []),
                    ...proxies.flatMap(({ pod, problems }) =>
                        problems[section].map((seen) => ({ subject: pod.name, seen })),
                    ),
                ];
            return sections.flatMap((section) => found[section].map(({ seen }) => seen));
        };
        progress("the views of all proxies");
        await settled(look, signal);
        await all(
            ...sections.map(
                (section) => () =>
                    check(section, async () => {
                        if (found[section].length === 0) return;
                        fail({
                            ...told[section],
                            seen: grouped(found[section]),
                            action: `npm run inspect -- POD ${section}; compare with the Services, VirtualServices and pods`,
                        });
                    }),
            ),
        );
    },
});
