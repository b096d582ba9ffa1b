import { setTimeout as pause } from "node:timers/promises";
import { milliseconds } from "../../../../components/config/units";
import { exclusive } from "../../spec";
import type { Target } from "../../target/target";
import { ecommercePodEvidence } from "../ecommerce/evidence";
import { helloEvidence } from "../egov/evidence";
import { awaitNoEjection } from "../support/ejection";
import { forgetErrors, gatewayErrors } from "../support/errors";
import { ecommerceHost, ecommercePods, helloCluster, helloService } from "../support/names";
import { provokedAlert } from "./provoked";

/** The alerts of the documents, each with a cause as in life. Each of the e-commerce alerts has a service of its own. */

/** Fails in every try that a proxy makes. */
const failing = { "x-test-fail-attempts": "100" };

/** Requests of the guide's test, and the time between two of them (E12). */
const guide = { requests: 20, interval: 500 };

/** Does something again and again until the signal. */
async function repeatedly(signal: AbortSignal, interval: number, step: () => Promise<unknown>): Promise<void> {
    while (!signal.aborted) {
        await step();
        await pause(interval, undefined, { signal }).catch(() => undefined);
    }
}

/** E12: the guide's own test, twenty errors in ten seconds. */
export const egovCircuitBreakerAlert = provokedAlert({
    name: "egov-circuit-breaker",
    title: "CircuitBreakerOpen of egov-hello",
    description:
        "The guide's test: twenty requests to egov-hello, half a second apart, are answered with errors. CircuitBreakerOpen is pending, then fires; Slack is told. When the errors have left the window it ends, and Slack is told again.",
    ids: ["E12"],
    needs: ["egov", "sample-app"],
    locks: () => exclusive(`gateway:${helloService}`),
    evidence: helloEvidence,
    alert({ egov, monitoring: { rules } }) {
        const { window, for: held, errors = egov.outlierDetection.consecutive5xxErrors } = rules.circuitBreaker;
        return {
            ...{ name: "CircuitBreakerOpen", service: helloService, severity: "critical", window, held },
            summary: `Circuit Breaker Opened for ${helloService}`,
            description: `${errors}회 이상 연속 오류 발생`,
        };
    },
    async provoke(target, signal) {
        const { path } = target.config.egov.hello;
        for (let sent = 0; sent < guide.requests && !signal.aborted; sent++) {
            await target.request({ path, headers: failing });
            await pause(guide.interval, undefined, { signal }).catch(() => undefined);
        }
    },
    async after(target, signal) {
        const { outlierDetection } = target.config.egov;
        for (const pod of await target.gatewayPods())
            await awaitNoEjection(target.proxy(pod), helloCluster(target.config), outlierDetection, signal);
    },
});

/** A service of the e-commerce system by its place in the list: each alert has its own. */
function serviceAt(target: Pick<Target, "config">, place: number): { name: string; path: string } {
    const all = Object.entries(target.config.ecommerce.services);
    const [name, { path }] = all[place % all.length]!;
    return { name, path };
}

export const highErrorRateAlert = provokedAlert({
    name: "error-rate",
    title: "HighErrorRate",
    description:
        "Again and again a request to a service fails in every try, between good ones. HighErrorRate of this service fires, and ends after the errors have.",
    ids: ["C16"],
    needs: ["ecommerce", "sample-app", "errors-below-ejection"],
    locks: (config) => exclusive(gatewayErrors(serviceAt({ config }, 0).name)),
    evidence: ecommercePodEvidence,
    alert(config) {
        const { name } = serviceAt({ config }, 0);
        const { window, for: held } = config.monitoring.rules.highErrorRate;
        return {
            ...{ name: "HighErrorRate", service: name, severity: "critical", window, held },
            summary: `High error rate on ${name}`,
            description: "Error rate is {value}%",
        };
    },
    async provoke(target, signal) {
        const { name, path } = serviceAt(target, 0);
        const host = ecommerceHost(target.config);
        await repeatedly(signal, 200, async () => {
            await target.request({ path, host, headers: failing });
            await forgetErrors(target, name, path);
        });
    },
});

export const highLatencyAlert = provokedAlert({
    name: "latency",
    title: "HighLatency",
    description:
        "Requests to a service are answered later than the alert allows. HighLatency of this service fires, and ends after the slow answers have.",
    ids: ["C16"],
    needs: ["ecommerce", "sample-app"],
    locks: (config) => exclusive(gatewayErrors(serviceAt({ config }, 2).name)),
    evidence: ecommercePodEvidence,
    alert(config) {
        const { name } = serviceAt({ config }, 2);
        const { window, for: held } = config.monitoring.rules.highLatency;
        return {
            ...{ name: "HighLatency", service: name, severity: "warning", window, held },
            summary: `High latency on ${name}`,
            description: "P95 latency is {value}ms",
        };
    },
    async provoke(target, signal) {
        const { path } = serviceAt(target, 2);
        const host = ecommerceHost(target.config);
        const delay = Math.ceil(milliseconds(target.config.monitoring.rules.highLatency.above) * 1.3);
        const request = { path, host, headers: { "x-test-delay": `${delay}ms` } };
        await repeatedly(signal, 50, () => target.request(request, { count: 4, concurrency: 4 }));
    },
});

export const podDownAlert = provokedAlert({
    name: "pod-down",
    title: "PodDown",
    description:
        "Of a service's pods one is killed whenever it comes back, as one that crashes. PodDown of this service fires, and ends when the pod may stay.",
    ids: ["C16"],
    needs: ["ecommerce"],
    locks: (config) => exclusive(`pods:${serviceAt({ config }, 1).name}`),
    evidence: ecommercePodEvidence,
    alert(config) {
        const { name } = serviceAt({ config }, 1);
        return {
            ...{ name: "PodDown", service: name, severity: "critical", window: "0s" },
            held: config.monitoring.rules.podDown.for,
            summary: `Pod down in ${name}`,
            description: "Available: {value}",
        };
    },
    async provoke(target, signal) {
        const { name } = serviceAt(target, 1);
        const pods = await ecommercePods(target, name);
        // The others of its Deployment go on answering.
        const kept = new Set(pods.slice(1).map((pod) => pod.name));
        await repeatedly(signal, 300, async () => {
            for (const pod of await ecommercePods(target, name))
                if (!kept.has(pod.name)) await target.kubernetes.kill(pod, { gracePeriodSeconds: 0 }).catch(ignoreGone);
        });
    },
});

/** A pod that is gone already needs no killing. */
function ignoreGone(error: unknown): void {
    if ((error as { code?: number }).code !== 404) throw error;
}

export const overflowAlert = provokedAlert({
    name: "overflow",
    title: "CircuitBreakerOpen",
    description:
        "A pod sends more requests to a service at once than its connection pool holds, so that its sidecar refuses some (UO). CircuitBreakerOpen of this service fires, and ends after the refusals have.",
    ids: ["C16"],
    needs: ["ecommerce", "sample-app"],
    locks: (config) => exclusive(`overflow:${serviceAt({ config }, 4).name}`),
    evidence: ecommercePodEvidence,
    alert(config) {
        const { name } = serviceAt({ config }, 4);
        const { window, for: held } = config.monitoring.rules.overflow;
        return {
            ...{ name: "CircuitBreakerOpen", service: name, severity: "warning", window, held },
            summary: `Circuit breaker open for ${name}`,
        };
    },
    async provoke(target, signal) {
        const { ecommerce } = target.config;
        const { name, path } = serviceAt(target, 4);
        const [caller] = await ecommercePods(target, serviceAt(target, 5).name);
        if (!caller) throw new Error(`there is no pod of ${serviceAt(target, 5).name} to send requests from`);
        const { maxConnections, http1MaxPendingRequests } = ecommerce.connectionPool;
        const count = maxConnections + http1MaxPendingRequests + 20;
        const url = `http://${name}.${ecommerce.namespace}:${ecommerce.servicePort}${path}`;
        // Held long enough that all of them are under way at once.
        const headers = { "x-test-delay": "2s" };
        await repeatedly(signal, 500, () => target.inside(caller, url, { headers }, { count, concurrency: count }));
    },
});
