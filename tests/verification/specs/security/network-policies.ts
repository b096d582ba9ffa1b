import { defineSpec } from "../../spec";
import type { Pod, Target } from "../../target/target";
import { fail, grouped } from "../support/answers";
import { meshClients } from "../support/mesh-clients";
import { mayConnect } from "../support/namespace-callers";
import { applicationPods, applicationPorts, networking, outsideSite } from "../support/names";

/** Port of every proxy that Kubernetes asks whether it is ready; no pod is declared to call it. */
const readinessPort = 15021;
/** Port of the DNS. */
const dnsPort = 53;

/** A pod's port as others reach it. */
interface Place {
    namespace: string;
    name: string;
    ip: string;
    address: string;
    /** Whether callers are declared to use the port. */
    isCalled: boolean;
}

export const networkPolicies = defineSpec({
    name: "network-policies",
    description:
        "Pods of every namespace, of the gateways and of a namespace outside open TCP connections to the pods of every application, past all sidecars: those that are declared to call them connect, everybody else does not even connect, although each of them reaches the ingress gateway. The systems' own pods connect to the DNS, and not to what nobody declares.",
    needs: ["network-policies", "sample-app", "outside-site"],
    locks: () => [],
    checks: {
        outside: {
            ids: ["S6"],
            title: "S6 outside: pods of a namespace that nobody declares do not even connect to an application",
        },
        callers: {
            ids: ["S6"],
            title: "S6 callers: the declared namespaces and the gateway connect to what they call",
        },
        others: {
            ids: ["S6"],
            title: "S6 others: other namespaces of the mesh do not connect, and callers at no other port",
        },
        outward: {
            ids: ["S6"],
            title: "S6 outward: the systems' pods connect to the DNS, and not to what nobody declares",
            needs: ["registry-only"],
        },
    },
    evidence: async (target) => {
        const namespaces = new Set((await applicationPods(target)).map(({ namespace }) => namespace));
        return { objects: [...namespaces].map((namespace) => ({ ...networking.networkPolicy, namespace })) };
    },
    async run({ target, config, check, all }) {
        const places = applicationPlaces(await applicationPods(target));
        const dns = dnsPlaces(await target.kubernetes.pods("kube-system", { "k8s-app": "kube-dns" }));
        const [gateway] = await target.gatewayPods();
        if (!gateway)
            throw new Error("no pod of the ingress gateway is ready: nobody can show that it connects at all");
        const control = `${gateway.ip}:${readinessPort}`;
        const strangers = await sitePods(target);
        const clients = await meshClients(target);
        const dialled = dialAll([...strangers, ...clients]);
        // The checks await it; one that was not selected must not leave a rejection behind.
        dialled.catch(() => undefined);
        const action =
            "kubectl get networkpolicies -A -o yaml: compare with who calls whom; npm run cluster -- status: does kube-router run?";

        await all(
            () =>
                check("outside", async () => {
                    const problems = await compare(strangers, places, () => false);
                    if (problems.length === 0 && strangers.length > 0) return;
                    fail({
                        expected: `no connection from outside of the systems to any of ${places.length} ports; one to the gateway`,
                        seen: grouped(problems) || "there is no pod outside of the systems",
                        cause: "a NetworkPolicy is missing or lets in everybody, or nobody enforces it",
                        action,
                    });
                }),
            () =>
                check("callers", () =>
                    fromClients(
                        true,
                        "a connection from each of the declared callers to each port that it calls",
                        "a NetworkPolicy names another namespace, other labels or another port than the callers use",
                    ),
                ),
            () =>
                check("others", () =>
                    fromClients(
                        false,
                        "no connection from namespaces that are not declared to call, nor to ports that nobody calls",
                        "a NetworkPolicy lets in more than the callers, or at more ports, or it is missing",
                    ),
                ),
            () => check("outward", () => outward()),
        );

        /** What of the connections between the systems is missing, or too much. */
        async function fromClients(wanted: boolean, expected: string, cause: string): Promise<void> {
            const problems = await compare(
                clients,
                places,
                (caller, { namespace, isCalled }) =>
                    isCalled &&
                    mayConnect(config, { namespace: caller.namespace, app: caller.labels["app"] ?? "" }, namespace),
                wanted,
            );
            if (problems.length === 0 && clients.length > 0) return;
            fail({ expected, seen: grouped(problems) || "there are no pods to call from", cause, action });
        }

        async function outward(): Promise<void> {
            const own = clients.filter(({ namespace }) => namespace !== "istio-system");
            const problems = [
                ...(await compare(own, dns, (_caller, { isCalled }) => isCalled)),
                ...(await compare(strangers, dns, () => true)),
            ];
            const hasBoth = [true, false].every((kind) => dns.some(({ isCalled }) => isCalled === kind));
            if (problems.length === 0 && own.length > 0 && strangers.length > 0 && hasBoth) return;
            fail({
                expected:
                    "connections to the DNS from every namespace, and none to its other ports, which the pod outside reaches",
                seen: grouped(problems) || "no pods to call from, or no DNS with several ports",
                cause: "a NetworkPolicy does not say what its pods reach, or says too much or too little",
                action,
            });
        }

        /** Connects from every pod to everything, each pod once for all checks. */
        async function dialAll(callers: readonly Pod[]): Promise<Map<string, ReadonlyMap<string, string>>> {
            const addresses = [control, ...[...places, ...dns].map(({ address }) => address)];
            const outcomes = callers.map(async (caller): Promise<[string, ReadonlyMap<string, string>]> => [
                caller.name,
                await target.dial(caller, addresses),
            ]);
            return new Map(await Promise.all(outcomes));
        }

        /**
         * Which connections are otherwise than they should be; of those that should open, or that should not, or of both.
         * Whoever does not even reach the gateway proves nothing and is a problem in any case.
         */
        async function compare(
            callers: readonly Pod[],
            to: readonly Place[],
            opens: (caller: Pod, place: Place) => boolean,
            wanted?: boolean,
        ): Promise<{ subject: string; seen: string }[]> {
            const outcomes = await dialled;
            return callers.flatMap((caller) => {
                const own = outcomes.get(caller.name)!;
                if (own.get(control) !== "open")
                    return [
                        {
                            subject: `${caller.name} -> ${gateway!.name}`,
                            seen: `${own.get(control)}, so nothing is proved`,
                        },
                    ];
                return to.flatMap((place) => {
                    const should = opens(caller, place);
                    const does = own.get(place.address) === "open";
                    // A pod always reaches itself.
                    const isAsked = place.ip !== caller.ip && (wanted === undefined || wanted === should);
                    if (should === does || !isAsked) return [];
                    return [{ subject: `${caller.name} -> ${place.name}`, seen: own.get(place.address)! }];
                });
            });
        }
    },
});

/** The called ports of one ready pod of every application, and in every namespace a port that nobody calls. */
function applicationPlaces(pods: readonly Pod[]): Place[] {
    const ready = pods.filter(({ readySince }) => readySince);
    const byApplication = new Map(ready.map((pod) => [`${pod.namespace}/${pod.labels["app"]}`, pod]));
    const byNamespace = new Map(ready.map((pod) => [pod.namespace, pod]));
    return [
        ...[...byApplication.values()].flatMap((pod) => applicationPorts(pod).map((port) => place(pod, port, true))),
        ...[...byNamespace.values()].map((pod) => place(pod, readinessPort, false)),
    ];
}

/** Every port of the DNS, of which pods call one. */
function dnsPlaces(pods: readonly Pod[]): Place[] {
    return pods.flatMap((pod) =>
        [...new Set(pod.containers.flatMap(({ ports }) => ports))].map((port) => place(pod, port, port === dnsPort)),
    );
}

function place({ namespace, name, ip }: Pod, port: number, isCalled: boolean): Place {
    return { namespace, name: `${name}:${port}`, ip, address: `${ip}:${port}`, isCalled };
}

/** Pods of the namespace that no system has. */
async function sitePods({ kubernetes, config }: Target): Promise<Pod[]> {
    const pods = await kubernetes.pods(config.mesh.egress.site!.namespace, { app: outsideSite });
    return pods.filter(({ readySince }) => readySince);
}
