import { randomUUID } from "node:crypto";
import type { PlatformConfig } from "../../../../components/config/platform";
import { defineSpec } from "../../spec";
import type { Pod, Target } from "../../target/target";
import { describe, fail, grouped, text } from "../support/answers";
import {
    applicationPods,
    applicationPorts,
    ecommerceHost,
    ecommerceServices,
    ingressGateway,
    spiffeId,
} from "../support/names";
import { askWithoutCertificate, type Place } from "../support/plain-text";
import { securityEvidence } from "./evidence";

/** A request as the sample app remembers it. */
interface RecordedRequest {
    peer: string | null;
}

export const mutualTls = defineSpec({
    name: "mutual-tls",
    description:
        "A client without a certificate sends plain text to every port of every application - the API server, or where NetworkPolicies keep it from the pod one that is declared to call, past its sidecar: only the declared exceptions answer. Each proxy shows a valid certificate of its service account, and the services see the gateway's identity, whatever a client says about itself.",
    needs: [],
    locks: () => [],
    checks: {
        refused: {
            ids: ["S3", "C14"],
            title: "S3 C14 plain text: every port with mutual TLS refuses it, from a client that reaches the pod",
            needs: ["mutual-tls", "plain-text-client"],
        },
        accepted: {
            ids: ["S3"],
            title: "S3 exceptions: the ports that are declared to take plain text answer it",
            needs: ["plain-text", "plain-text-client", "sample-app"],
        },
        certificates: {
            ids: ["S3"],
            title: "S3 certificates: each proxy has a valid one of its own service account, and no other identity",
        },
        peer: {
            ids: ["S3"],
            title: "S3 identity: the services see that the gateway calls, whatever the client says about itself",
            needs: ["ecommerce", "sample-app"],
        },
    },
    evidence: securityEvidence,
    async run({ target, config, check, all }) {
        const pods = (await applicationPods(target)).filter(({ readySince }) => readySince);
        const action =
            "kubectl get peerauthentications -A -o yaml: compare with mesh.mtls; kubectl get pods -A: is there one without a sidecar?";
        await all(
            () =>
                check("refused", async () => {
                    const strict = portsOf(pods, config).filter(({ mode }) => mode === "STRICT");
                    const outcomes = await askWithoutCertificate(target, config, strict, "/health");
                    // Plain text is refused because it is plain: the same client reaches the pod all the same.
                    const problems = outcomes.flatMap(({ reached, answer }, index) => {
                        const subject = nameOf(strict[index]!);
                        if ("status" in answer) return [{ subject, seen: `${answer.status} in plain text` }];
                        return reached
                            ? []
                            : [{ subject, seen: "the pod is not reached at all, so nothing is proved" }];
                    });
                    if (problems.length === 0 && strict.length > 0) return;
                    fail({
                        expected: `no answer to plain text at ${strict.length} ports, whose pods are reached all the same`,
                        seen: grouped(problems) || "there is no port with mutual TLS",
                        cause: "a PeerAuthentication is missing, PERMISSIVE or for other pods, or a pod has no sidecar",
                        action,
                    });
                }),
            () =>
                check("accepted", async () => {
                    const open = portsOf(pods, config).filter(({ mode }) => mode === "PERMISSIVE");
                    const outcomes = await askWithoutCertificate(target, config, open, "/health");
                    const problems = outcomes.flatMap(({ answer }, index) => {
                        const seen = "refused" in answer ? answer.refused : `${answer.status} from another pod`;
                        const own = "headers" in answer && answer.headers["x-served-by"] === open[index]!.pod.name;
                        return own ? [] : [{ subject: nameOf(open[index]!), seen }];
                    });
                    if (problems.length === 0 && open.length > 0) return;
                    fail({
                        expected: `an answer of the pod itself to plain text at ${open.map(nameOf).join(", ") || "a declared port"}`,
                        seen: grouped(problems) || "there is no such pod",
                        cause: "the PeerAuthentication of the workload is missing, or names another port of the container",
                        action,
                    });
                }),
            () =>
                check("certificates", async () => {
                    const gateways = await target.gatewayPods();
                    const wanted = [
                        ...pods.filter(({ sidecar }) => sidecar).map((pod) => ({ pod, account: pod.labels["app"]! })),
                        ...gateways.map((pod) => ({ pod, account: ingressGateway })),
                    ];
                    const problems = (
                        await Promise.all(wanted.map(({ pod, account }) => certificateProblems(target, pod, account)))
                    ).flat();
                    if (problems.length === 0 && gateways.length > 0) return;
                    fail({
                        expected: `in each of ${wanted.length} proxies one identity, that of its service account, in a certificate that is valid now`,
                        seen: problems.join("; ") || "there is no gateway pod",
                        cause: "a pod runs as another service account, or its proxy gets no certificates from istiod",
                        action: "kubectl get pods -A -o custom-columns=NAME:.metadata.name,ACCOUNT:.spec.serviceAccountName; istioctl proxy-config secret",
                    });
                }),
            () => check("peer", () => gatewayIdentity(target, config)),
        );
    },
});

interface Port extends Place {
    mode: "STRICT" | "PERMISSIVE";
}

/** Every port of the applications with its declared mode. */
function portsOf(pods: readonly Pod[], { mesh: { mtls } }: PlatformConfig): Port[] {
    return pods.flatMap((pod) =>
        applicationPorts(pod).map((port) => {
            const exception = mtls.exceptions.find(
                ({ namespace, app, port: own }) =>
                    namespace === pod.namespace && app === pod.labels["app"] && own === port,
            );
            return { pod, port, mode: exception?.mode ?? mtls.mode };
        }),
    );
}

const nameOf = ({ pod, port }: Place): string => `${pod.name}:${port}`;

async function certificateProblems(target: Target, pod: Pod, account: string): Promise<string[]> {
    const own = spiffeId(pod.namespace, account);
    const certificates = (await target.proxy(pod).certificates()).filter(({ names }) =>
        names.some((name) => name.startsWith("spiffe://")),
    );
    if (certificates.length === 0) return [`${pod.name} has no identity`];
    const now = Date.now();
    return certificates.flatMap(({ names, validFrom, validTo }) => [
        ...(names.join() === own ? [] : [`${pod.name} is ${names.join(", ")} instead of ${own}`]),
        ...(validFrom.getTime() <= now && now < validTo.getTime()
            ? []
            : [`the certificate of ${pod.name} is valid from ${validFrom.toISOString()} to ${validTo.toISOString()}`]),
    ]);
}

/** Calls each service from outside with a made-up identity, and asks the pod who called. */
async function gatewayIdentity(target: Target, config: PlatformConfig): Promise<void> {
    const host = ecommerceHost(config);
    const gateway = spiffeId("istio-system", ingressGateway);
    const forged = spiffeId("istio-system", "someone-else");
    const pods = await target.kubernetes.pods(config.ecommerce.namespace);
    const results = await Promise.all(
        ecommerceServices(config).map(async ({ name, path }) => {
            const key = randomUUID();
            const headers = {
                "x-test-key": key,
                "x-forwarded-client-cert": `By=${gateway};URI=${forged}`,
            };
            const [answer] = await target.request({ path, host, headers });
            const pod = pods.find((one) => one.name === answer!.pod);
            if (!pod) return [{ subject: name, seen: describe(answer!) }];
            // Without a sidecar a pod sees no identity at all: that is what the check of the sidecars is for.
            if (!pod.sidecar) return [];
            const list = await target.local(pod, config.ecommerce.containerPort, {
                path: `/__test/requests?key=${key}`,
            });
            const [recorded] = JSON.parse(text(list)) as RecordedRequest[];
            return recorded?.peer === gateway ? [] : [{ subject: name, seen: recorded?.peer ?? "nobody" }];
        }),
    );
    const problems = results.flat();
    if (problems.length === 0) return;
    fail({
        expected: `each service sees the caller ${gateway}`,
        seen: grouped(problems),
        cause: "the gateway runs as another service account, calls without mutual TLS, or passes on what a client says",
        action: "kubectl -n istio-system get deployment istio-ingressgateway -o yaml: serviceAccountName; the DestinationRules' tls",
    });
}
