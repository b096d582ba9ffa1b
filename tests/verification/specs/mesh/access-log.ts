import { randomUUID } from "node:crypto";
import { defineSpec } from "../../spec";
import { proxyContainer } from "../../target/kubernetes";
import type { Answer, Pod, Target } from "../../target/target";
import { ecommerceEvidence } from "../ecommerce/evidence";
import { fail, grouped } from "../support/answers";
import { ecommerceHost, ecommercePods, ecommerceServices } from "../support/names";
import { settled } from "../support/settled";

/** Requests to each service, and to a path that nobody declares. */
const requestsEach = 2;
/** Milliseconds in which a written line can be read: Envoy writes every second, the kubelet follows. */
const writingTime = 6_000;

/** The fields of a line that are read, as Istio names them. */
interface Line {
    path: string;
    response_code: number;
    response_flags: string;
    request_id: string;
}

/** A request that was sent, known by its path. */
interface Sent {
    path: string;
    answer: Answer;
}

export const accessLog = defineSpec({
    name: "access-log",
    description:
        "Requests from outside, each with a path of its own: the gateway and the sidecar of the pod that answered have written exactly one line for each, with the status that the client saw and under one request id.",
    needs: ["ecommerce", "sample-app", "access-log"],
    locks: () => [],
    checks: {
        gateway: {
            ids: ["P14"],
            title: "P14 access log: the gateway writes one line for every request, with the status that the client saw",
        },
        sidecars: {
            ids: ["P14"],
            title: "P14 access log: so does the sidecar of the pod that answered, under the same request id",
        },
    },
    evidence: ecommerceEvidence,
    async run({ target, config, signal, check, all }) {
        const begin = performance.now();
        const host = ecommerceHost(config);
        const paths = [...ecommerceServices(config).map(({ path }) => path), "/no/such/path"].flatMap((path) =>
            Array.from({ length: requestsEach }, () => `${path}?access-log=${randomUUID()}`),
        );
        const sent = await Promise.all(
            paths.map(async (path): Promise<Sent> => {
                const [answer] = await target.request({ path, host });
                return { path, answer: answer! };
            }),
        );
        const gateway = await target.gatewayPods();
        const answering = await podsThatAnswered(target, sent);
        const seconds = () => Math.ceil((performance.now() - begin) / 1000) + 1;
        const action =
            "kubectl get telemetries,envoyfilters -A: look for what turns access logs off or filters them; compare the mesh's accessLogFile with mesh.accessLog";

        await all(
            () =>
                check("gateway", async () => {
                    const problems = await settled(
                        async () => {
                            const lines = await linesOf(target, gateway, seconds());
                            return sent.flatMap(({ path, answer }) => lineProblems(path, answer, lines));
                        },
                        signal,
                        writingTime,
                    );
                    if (gateway.length > 0 && problems.length === 0) return;
                    fail({
                        expected: `one line for each of ${sent.length} requests at the gateway`,
                        seen: grouped(problems) || "there is no gateway pod",
                        cause: "the gateway's access log is off or filtered",
                        action,
                    });
                }),
            () =>
                check("sidecars", async () => {
                    const problems = await settled(
                        async () => {
                            const outside = await linesOf(target, gateway, seconds());
                            const found = await Promise.all(
                                answering.map(async ({ pod, requests }) => {
                                    const lines = await linesOf(target, [pod], seconds());
                                    return requests.flatMap(({ path, answer }) => [
                                        ...lineProblems(path, answer, lines),
                                        ...idProblems(path, lines, outside),
                                    ]);
                                }),
                            );
                            return found.flat();
                        },
                        signal,
                        writingTime,
                    );
                    if (answering.length > 0 && problems.length === 0) return;
                    fail({
                        expected: `one line for each request at the sidecars of ${answering.length} pods, with the gateway's request id`,
                        seen: grouped(problems) || "no request was answered by a pod with a sidecar",
                        cause: "the access log of these sidecars is off or filtered, or something changes x-request-id on the way",
                        action,
                    });
                }),
        );
    },
});

interface Problem {
    subject: string;
    seen: string;
}

/** What is wrong with the lines about one request. */
function lineProblems(path: string, answer: Answer, lines: readonly Line[]): Problem[] {
    const own = lines.filter((line) => line.path === path);
    const subject = path.replace(/\?.*/, "");
    if (own.length !== 1) return [{ subject, seen: `${own.length} lines` }];
    const { response_code } = own[0]!;
    return response_code === answer.status ? [] : [{ subject, seen: `${response_code} instead of ${answer.status}` }];
}

/** Whether the lines of a sidecar and of the gateway have another request id; nothing where one of the two is missing. */
function idProblems(path: string, inside: readonly Line[], outside: readonly Line[]): Problem[] {
    const [here, there] = [inside, outside].map((lines) => lines.find((line) => line.path === path)?.request_id);
    return here === there || here === undefined || there === undefined
        ? []
        : [{ subject: path.replace(/\?.*/, ""), seen: "another request id than the gateway's" }];
}

/** The pods with a sidecar that answered, and what they answered. */
async function podsThatAnswered(target: Target, sent: readonly Sent[]): Promise<{ pod: Pod; requests: Sent[] }[]> {
    const services = ecommerceServices(target.config);
    const pods = (await Promise.all(services.map(({ name }) => ecommercePods(target, name)))).flat();
    return pods
        .filter(({ sidecar }) => sidecar?.ready)
        .map((pod) => ({ pod, requests: sent.filter(({ answer }) => answer.pod === pod.name) }))
        .filter(({ requests }) => requests.length > 0);
}

/** The lines that proxies have written about requests in the last seconds. */
async function linesOf(target: Target, pods: readonly Pod[], seconds: number): Promise<Line[]> {
    const logs = await Promise.all(pods.map((pod) => target.kubernetes.log(pod, proxyContainer, { seconds })));
    return logs
        .flatMap((log) =>
            log
                .split("\n")
                .filter((line) => line.startsWith('{"'))
                .map(parse),
        )
        .filter(isLine);
}

function parse(line: string): unknown {
    try {
        return JSON.parse(line);
    } catch {
        // A line that is being written.
        return undefined;
    }
}

const isLine = (value: unknown): value is Line =>
    typeof value === "object" && value !== null && "path" in value && "response_code" in value;
