import type { PlatformConfig } from "../../../../components/config/platform";
import type { PlainAnswer, Pod, Target } from "../../target/target";
import { mayConnect } from "./namespace-callers";
import { meshClients } from "./mesh-clients";

/** Port on which every sidecar takes plain text, whatever the policy: Kubernetes asks there whether it is ready. */
const readinessPort = 15021;

/** A port of an application's pod. */
export interface Place {
    readonly pod: Pod;
    readonly port: number;
}

/** What a client without a certificate sees at a port. */
export interface PlainTextOutcome {
    /** Whether the client reaches the pod at all: else its silence says nothing. */
    readonly reached: boolean;
    readonly answer: PlainAnswer;
}

/**
 * Sends GET `path` in plain text to each place. The API server is the client where it reaches the pod; where NetworkPolicies
 * keep it from there, as on other nodes than its own, a pod that is declared to call sends past its own sidecar.
 *
 * @returns In the order of the places.
 */
export async function askWithoutCertificate(
    target: Target,
    config: PlatformConfig,
    places: readonly Place[],
    path: string,
): Promise<PlainTextOutcome[]> {
    const outcomes = await Promise.all(
        places.map(async ({ pod, port }): Promise<PlainTextOutcome | undefined> => {
            const [answer, control] = await Promise.all([
                target.kubernetes.plainText(pod, port, path),
                target.kubernetes.plainText(pod, readinessPort, "/healthz/ready"),
            ]);
            return "status" in answer || "status" in control
                ? { reached: true, answer: "status" in answer ? withPlainHeaders(answer) : answer }
                : undefined;
        }),
    );
    const left = places.filter((_place, index) => outcomes[index] === undefined);
    const byPods = left.length === 0 ? new Map<Place, PlainTextOutcome>() : await askByPods(target, config, left, path);
    return places.map((place, index) => outcomes[index] ?? byPods.get(place)!);
}

/** The same from pods of the mesh: each place by one that is declared to call it. */
async function askByPods(
    target: Target,
    config: PlatformConfig,
    places: readonly Place[],
    path: string,
): Promise<Map<Place, PlainTextOutcome>> {
    const clients = await meshClients(target);
    const byClient = new Map<Pod | undefined, Place[]>();
    for (const place of places) {
        const client = clients.find(
            ({ namespace, name, labels }) =>
                name !== place.pod.name &&
                mayConnect(config, { namespace, app: labels["app"] ?? "" }, place.pod.namespace),
        );
        byClient.set(client, [...(byClient.get(client) ?? []), place]);
    }
    const outcomes = await Promise.all(
        [...byClient].map(async ([client, own]): Promise<[Place, PlainTextOutcome][]> => {
            if (client === undefined)
                return own.map((place) => [
                    place,
                    { reached: false, answer: { refused: "nobody is declared to call" } },
                ]);
            const addresses = own.map(({ pod, port }) => `${pod.ip}:${port}`);
            const [connections, answers] = await Promise.all([
                target.dial(client, addresses),
                target.plainText(
                    client,
                    addresses.map((address) => `${address}${path}`),
                ),
            ]);
            return own.map((place, index): [Place, PlainTextOutcome] => {
                const address = addresses[index]!;
                return [
                    place,
                    { reached: connections.get(address) === "open", answer: answers.get(`${address}${path}`)! },
                ];
            });
        }),
    );
    return new Map(outcomes.flat());
}

function withPlainHeaders({
    status,
    headers,
}: {
    status: number;
    headers: Readonly<Record<string, string | string[] | undefined>>;
}): PlainAnswer {
    const entries = Object.entries(headers).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, [value].flat().join(", ")]],
    );
    return { status, headers: Object.fromEntries(entries) as Record<string, string> };
}
