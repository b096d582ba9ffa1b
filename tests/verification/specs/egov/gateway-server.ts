import { defineSpec, exclusive } from "../../spec";
import { requestsToSee, sampleSize } from "../../statistics/sample-size";
import type { Answer, Pod, Target } from "../../target/target";
import { escapeRegex } from "../../target/envoy";
import { fail, listing, names, tally, text } from "../support/answers";
import { awaitNoEjection, EjectionScenario, type Ejection } from "../support/ejection";
import { describeMismatches, loadBalancerMismatches, outlierMismatches } from "../support/envoy-policy";
import { gatewayServer, helloCluster, helloPods, helloPort, helloService, isErrorPod } from "../support/names";
import { requireEvenSpread, spreadCount } from "../support/spread";
import { routesOfKind } from "../support/declared-routes";
import { describeRecordings, isCopy, newKey, recordings } from "../support/recordings";
import { gatewayServerEvidence } from "./evidence";

/**
 * gateway-server calls egov-hello from inside the mesh. Its sidecar is a client proxy like the ingress gateway: the
 * DestinationRule applies there, the VirtualService of the gateway does not.
 */
export const egovGatewayServer = defineSpec({
    name: "egov-gateway-server",
    description:
        "Requests to gateway-server reach egov-hello through its sidecar: the DestinationRule's load balancer and outlier detection apply there too (ejection and return are seen), the VirtualService that is bound to the ingress gateway does not.",
    needs: ["egov", "sample-app"],
    locks: () => exclusive("gateway-server:egov-hello"),
    checks: {
        reach: { ids: ["E7"], title: "E7 reach: gateway-server answers other pods with egov-hello's answers" },
        policy: { ids: ["E7"], title: "E7 policy: the sidecar of gateway-server has the DestinationRule's values" },
        route: { ids: ["E7"], title: "E7 route: the gateway's VirtualService does not apply inside the mesh" },
        copies: {
            ids: ["E7", "E10"],
            title: "E7 E10 copies: what the gateway mirrors is not mirrored when gateway-server calls it",
            needs: ["egov-mirrors"],
        },
        spread: {
            ids: ["E7"],
            title: "E7 spread: requests from inside spread evenly over all pods",
            needs: ["several-pods"],
        },
        ejection: {
            ids: ["E7"],
            title: "E7 ejection: the sidecar of gateway-server ejects the error pod after exactly the declared errors",
            needs: ["error-pods", "ejectable-pods"],
        },
        isolation: {
            ids: ["E7"],
            title: "E7 isolation: while the error pod is ejected every request through gateway-server succeeds",
            needs: ["error-pods", "ejectable-pods"],
        },
        return: {
            ids: ["E7"],
            title: "E7 return: the error pod returns to gateway-server after baseEjectionTime",
            needs: ["error-pods", "ejectable-pods", "short-ejection"],
        },
    },
    evidence: gatewayServerEvidence,
    async run({ target, config, check, wanted, progress, signal, all, inOrder }) {
        const server = await findServer(target);
        const pods = await helloPods(target);
        const { path } = config.egov.hello;
        const { outlierDetection } = config.egov;
        const proxy = target.proxy(server);
        const cluster = helloCluster(config);
        /** As `kubectl port-forward` and `curl localhost:9000` by hand: the application calls on through its sidecar. */
        const throughServer = async (count: number): Promise<Answer[]> => {
            const { port } = config.egov.gatewayServer;
            // Many requests are cheaper from a client inside the pod than each by a forwarded port of its own.
            if (count > 5) return target.inside(server, `http://127.0.0.1:${port}${path}`, {}, { count });
            const answers: Answer[] = [];
            for (let i = 0; i < count; i++) answers.push(await target.local(server, port, { path }));
            return answers;
        };
        const helloUrl = `http://${helloService}.${config.egov.namespaces.app}.svc.cluster.local:${helloPort}`;
        const healthy = (count: number, concurrency = 1) =>
            target.inside(server, `${helloUrl}/health`, {}, { count, concurrency });

        const scenario = new EjectionScenario(
            {
                name: `the sidecar of ${server.name}`,
                proxy,
                cluster,
                send: throughServer,
                sendHealthy: healthy,
            },
            pods,
            outlierDetection,
            signal,
            progress,
        );
        let ejections: Ejection[] = [];

        await inOrder(
            () => check("policy", checkPolicy),
            () => check("route", checkRoute),
            () => check("copies", checkCopies),
            () => check("spread", checkSpread),
            // Before anybody is ejected, so that both kinds of pods are reached.
            () => check("reach", checkReach),
            async () => {
                if (!wanted("ejection", "isolation", "return")) return;
                const eject = async () => {
                    await scenario.prepare();
                    ejections = await scenario.ejectExactly();
                };
                await (wanted("ejection") ? check("ejection", eject) : eject());
                await all(
                    () => check("isolation", () => scenario.allSucceed()),
                    () => check("return", () => scenario.awaitReturn(ejections)),
                );
            },
        );

        async function checkPolicy(): Promise<void> {
            const found = (await proxy.clusters(escapeRegex(cluster))).find(({ name }) => name === cluster);
            const mismatches = found
                ? [
                      ...outlierMismatches(found, outlierDetection),
                      ...loadBalancerMismatches(found, config.egov.loadBalancer),
                  ]
                : [];
            if (found && mismatches.length === 0) return;
            fail({
                expected: `the cluster ${cluster} in the sidecar of ${server.name} with the values of egov.outlierDetection and egov.loadBalancer`,
                seen: found ? describeMismatches(mismatches) : "there is no such cluster",
                cause: "the DestinationRule egov-hello is missing, differs, names another host, or is not exported to egov-infra",
                action: `kubectl -n ${config.egov.namespaces.app} get destinationrule egov-hello -o yaml: compare host, trafficPolicy and exportTo`,
            });
        }

        /** A path that the VirtualService does not match: inside it is answered, outside it is a 404 (E3). */
        async function checkRoute(): Promise<void> {
            const unmatched = "/outside/the/prefix/health";
            const [answer] = await target.inside(server, `${helloUrl}${unmatched}`);
            if (answer!.status === 200 && pods.some(({ name }) => name === answer!.pod)) return;
            fail({
                expected: `${helloUrl}${unmatched} is answered with 200 by a pod of egov-hello inside the mesh`,
                seen: tally([answer!]),
                cause: "the VirtualService egov-hello applies inside the mesh: its gateways are missing or contain mesh",
                action: `kubectl -n ${config.egov.namespaces.app} get virtualservice egov-hello -o yaml: gateways must name the ingress gateway only`,
            });
        }

        /** The paths of the mirrored routes, called from inside: each request reaches one pod, and no copy another one. */
        async function checkCopies(): Promise<void> {
            for (const { name, match } of routesOfKind(config, "egov", "mirrors")) {
                const { key, headers } = newKey();
                const url = `${helloUrl}${match.prefix}/health`;
                const count = sampleSize({ share: 0, truth: 0.5 });
                const answers = await target.inside(server, url, { headers }, { count, concurrency: 4 });
                const seen = await recordings(target, pods, key);
                if (answers.every(({ status }) => status === 200) && seen.length === count && !seen.some(isCopy))
                    continue;
                fail({
                    expected: `${count} requests to ${url} from inside the mesh reach one pod each, without a copy`,
                    seen: `${tally(answers)}; received: ${describeRecordings(seen)}`,
                    cause: "a VirtualService with a mirror applies inside the mesh, or a path of egov-hello is not answered there",
                    action: `kubectl get virtualservices -A -o yaml: the mirror of ${name} belongs to the ingress gateway alone`,
                });
            }
        }

        async function checkSpread(): Promise<void> {
            progress(`${server.name}: the end of ejections by earlier requests`);
            await awaitNoEjection(proxy, cluster, outlierDetection, signal);
            const count = spreadCount(pods);
            progress(`${server.name}: ${count} requests from inside`);
            const answers = await healthy(count, 4);
            requireEvenSpread(answers, pods, "look at the saved clusters of gateway-server's sidecar");
        }

        /**
         * By the Service's name, from another pod, until every pod has answered. Few requests at a time with good ones in
         * between, so that the error pod is not ejected by them.
         */
        async function checkReach(): Promise<void> {
            const caller = pods.find((pod) => !isErrorPod(pod));
            if (!caller) throw new Error("there is no normal pod of egov-hello that could call gateway-server");
            const { infra } = config.egov.namespaces;
            const url = `http://${gatewayServer}.${infra}.svc.cluster.local:${config.egov.gatewayServer.port}${path}`;
            const count = Math.max(1, Math.min(2, outlierDetection.consecutive5xxErrors - 1));
            const limit = requestsToSee(1 / (2 * pods.length), { of: pods.length });
            const answers: Answer[] = [];
            const missing = new Set(pods.map(({ name }) => name));
            while (missing.size > 0 && answers.length < limit) {
                const some = await target.inside(caller, url, {}, { count });
                answers.push(...some);
                for (const { upstreamPod } of some) missing.delete(upstreamPod ?? "");
                if (!some.every(right)) break;
                await healthy(2 * pods.length);
            }
            if (missing.size === 0 && answers.every(right)) return;
            fail({
                expected: `${url} called from ${caller.name}: the answers of all pods of egov-hello, passed on by ${server.name}`,
                seen: `${tally(answers)}, for example "${text(answers.find((answer) => !right(answer)) ?? answers[0]!)}"${missing.size > 0 ? `; not yet ${[...missing].join(", ")}` : ""}`,
                cause: "gateway-server forwards elsewhere, its Service has no endpoints, egov-hello cannot be reached from inside, or a pod does not answer as its variant has it",
                action: `kubectl -n ${infra} get deployment,service,endpointslices; kubectl -n ${infra} logs deploy/gateway-server --all-containers`,
                evidence: { "reach.txt": listing(answers) },
            });

            function right(answer: Answer): boolean {
                const upstream = pods.find(({ name }) => name === answer.upstreamPod);
                if (answer.pod !== server.name || !upstream) return false;
                if (isErrorPod(upstream)) return answer.status === 500;
                return answer.status === 200 && text(answer) === `Hello from ${upstream.name}`;
            }
        }
    },
});

async function findServer(target: Target): Promise<Pod> {
    const { infra } = target.config.egov.namespaces;
    const pods = await target.kubernetes.pods(infra, { app: gatewayServer });
    const ready = pods.find(({ readySince }) => readySince);
    if (ready) return ready;
    return fail({
        expected: `a ready pod of gateway-server in ${infra}`,
        seen: pods.length === 0 ? "no pod" : `${names(pods)}, not ready`,
        cause: "the Deployment gateway-server is missing or its pod does not start",
        action: `kubectl -n ${infra} describe pods -l app=${gatewayServer}`,
    });
}
