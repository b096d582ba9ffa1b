import { defineSpec, exclusive } from "../../spec";
import type { Pod, Target } from "../../target/target";
import { describe, fail, grouped } from "../support/answers";
import { ecommercePods, ecommerceServices, istio } from "../support/names";
import { beyondScope, calledOutside, knownHosts } from "../support/scope";

/** Status of a sidecar's own answer for a host that it does not know. */
const unknownHost = 502;

export const sidecarScope = defineSpec({
    name: "sidecar-scope",
    description:
        "The sidecars of the e-commerce services hold clusters for the hosts that their services call and for no other; pods of two services reach the declared hosts outside, and what the rest of the mesh reaches is refused by their own sidecars.",
    needs: ["ecommerce", "ecommerce-scope"],
    // What leaves the mesh by mistake would be counted there, too.
    locks: () => exclusive("egress"),
    checks: {
        hosts: {
            ids: ["T7"],
            title: "T7 scope: the sidecars of the e-commerce services know no host beyond the declared ones",
        },
        reached: {
            ids: ["T7"],
            title: "T7 scope: the services reach the hosts outside that they are declared to call",
            needs: ["scope-outside", "sample-app"],
        },
        refused: {
            ids: ["T7"],
            title: "T7 scope: what the rest of the mesh reaches is refused by the services' own sidecars",
            needs: ["registry-only", "beyond-scope", "sample-app"],
        },
    },
    evidence: async (target) => ({
        pods: await callers(target),
        objects: [
            { ...istio.sidecar, namespace: target.config.ecommerce.namespace },
            { ...istio.serviceEntry, namespace: "istio-system" },
        ],
    }),
    async run({ target, config, check, all }) {
        const { namespace } = config.ecommerce;
        const sidecars = `kubectl -n ${namespace} get sidecars -o yaml: compare with ecommerce.scope`;

        await all(
            () =>
                check("hosts", async () => {
                    const declared = knownHosts(config);
                    const pods = await sidecarPods(target);
                    const found = await Promise.all(
                        pods.map(async (pod) => {
                            const known = await hostsOf(target, pod);
                            const others = known.filter((host) => !declared.includes(host));
                            const problems =
                                known.length === 0 ? ["knows no host"] : others.map((host) => `knows ${host}`);
                            return problems.map((seen) => ({ subject: pod.name, seen }));
                        }),
                    );
                    if (pods.length > 0 && found.flat().length === 0) return;
                    fail({
                        expected: `sidecars that know ${declared.join(", ")} and nothing else`,
                        seen: grouped(found.flat()) || "there is no pod with a sidecar",
                        cause: "the Sidecar is missing, names more hosts, or selects only some of the pods; or a VirtualService for a known host leads elsewhere",
                        action: sidecars,
                    });
                }),
            () => check("reached", () => called(calledOutside(config), true)),
            () => check("refused", () => called(beyondScope(config), false)),
        );

        /** Calls hosts from pods of two services: all have to answer, or none. */
        async function called(urls: readonly string[], answering: boolean): Promise<void> {
            const pods = await callers(target);
            const results = await Promise.all(
                pods.map(async (pod) => {
                    const answers = await target.inside(pod, urls);
                    return urls.map((url, index) => ({ pod, url, answer: answers[index]! }));
                }),
            );
            const wrong = results.flat().filter(({ answer: { status, pod } }) => {
                if (answering) return status !== 200 || pod === undefined;
                // A port that no known host has is no HTTP to the sidecar: it closes the connection.
                return pod !== undefined || (status !== undefined && status !== unknownHost);
            });
            if (pods.length > 0 && wrong.length === 0) return;
            fail({
                expected: answering
                    ? `200 from ${urls.join(", ")}`
                    : `${unknownHost} or a closed connection from the own sidecar for ${urls.join(", ")}`,
                seen:
                    grouped(
                        wrong.map(({ pod, url, answer }) => ({
                            subject: `${url} from ${pod.name}`,
                            seen: describe(answer),
                        })),
                    ) || "there is no pod to send from",
                cause: answering
                    ? "the Sidecar does not name the host, or its ServiceEntry is missing or has another host or port"
                    : "the Sidecar is missing or names more hosts, or outboundTrafficPolicy is ALLOW_ANY",
                action: sidecars,
            });
        }
    },
});

async function sidecarPods({ config, kubernetes }: Target): Promise<Pod[]> {
    const pods = await kubernetes.pods(config.ecommerce.namespace);
    return pods.filter(({ sidecar, readySince }) => sidecar?.ready && readySince);
}

/** A pod of each of the first two services that have one with a sidecar. */
async function callers(target: Target): Promise<Pod[]> {
    const pods = await Promise.all(
        ecommerceServices(target.config).map(async ({ name }) =>
            (await ecommercePods(target, name)).find(({ sidecar, readySince }) => sidecar?.ready && readySince),
        ),
    );
    return pods.filter((pod) => pod !== undefined).slice(0, 2);
}

/** The hosts that a sidecar has clusters for. */
async function hostsOf(target: Target, pod: Pod): Promise<string[]> {
    const clusters = await target.proxy(pod).clusters("^outbound\\|.*$");
    return [...new Set(clusters.map(({ name }) => name.split("|")[3] ?? name))];
}
