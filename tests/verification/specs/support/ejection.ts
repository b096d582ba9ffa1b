import type { OutlierDetection } from "../../../../components/config/traffic";
import { milliseconds } from "../../../../components/config/units";
import { requestsToSee } from "../../statistics/sample-size";
import type { Answer, EnvoyHost, Pod, Proxy } from "../../target/target";
import { DeadlineExceeded, seconds, until } from "../../wait";
import { fail, listing, names, tally } from "./answers";

/**
 * Outlier detection as one client proxy does it, step by step. Each proxy counts and ejects on its own, so the
 * scenario is the same for the ingress gateway and for a sidecar.
 */

/** Envoy's health flag of an ejected host. */
const ejectedFlag = "failed_outlier_check";
/** How late Envoy may be; milliseconds. */
export interface Lags {
    /** From the last error to the flag: ejection happens with the answer, not at the interval. */
    flag: number;
    /**
     * From a change of health to the workers that follow it: Envoy merges such changes for 1 s (update_merge_window),
     * and some more for a busy machine.
     */
    workers: number;
    /** From the sweep that should end an ejection to its end. */
    return: number;
}
const envoyLags: Lags = { flag: 3_000, workers: 3_000, return: 1_500 };

/** Milliseconds between two looks whether requests reach an ejected pod. */
const probeInterval = 4_000;

export interface EjectionClient {
    /** For example `gateway pod istio-ingressgateway-abc`. */
    name: string;
    /** The proxy that counts and ejects. */
    proxy: Proxy;
    /** Name of its cluster of egov-hello. */
    cluster: string;
    /** Sends requests that error pods answer with an error, one after the other. */
    send(count: number): Promise<Answer[]>;
    /** Sends requests that every pod answers with 200, one after the other: they reset the count of errors. */
    sendHealthy(count: number): Promise<Answer[]>;
}

/** When a pod was ejected, as narrowly as it could be seen from outside; milliseconds of performance.now(). */
export interface Ejection {
    pod: Pod;
    /** The request with the last error was sent. */
    notBefore: number;
    /** The flag was seen. */
    notAfter: number;
}

const isEjected = (host: EnvoyHost): boolean => host.flags.includes(ejectedFlag);

/**
 * Waits until the proxy has ejected nobody for one interval: then the next ejection lasts baseEjectionTime (each one in
 * a row lasts longer; Envoy forgets one per healthy interval).
 */
export async function awaitNoEjection(
    proxy: Proxy,
    cluster: string,
    { interval, baseEjectionTime }: OutlierDetection,
    signal: AbortSignal,
    { forgotten = false }: { forgotten?: boolean } = {},
): Promise<void> {
    let waited = false;
    let healthySince: number | undefined;
    const sweep = milliseconds(interval);
    try {
        await until(
            "the end of earlier ejections",
            async () => {
                const started = performance.now();
                if ((await proxy.hosts(cluster)).some(isEjected)) {
                    waited = true;
                    healthySince = undefined;
                    return false;
                }
                healthySince ??= started;
                // After a wait here the host has been ejected at least once more than usual: two sweeps then.
                const needed = !forgotten && !waited ? 0 : waited ? 2 * sweep : sweep;
                return started - healthySince >= needed;
            },
            { deadline: 2 * milliseconds(baseEjectionTime) + 3 * sweep + 5_000, interval: 250, signal },
        );
    } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
        const hosts = (await proxy.hosts(cluster)).filter(isEjected);
        fail({
            expected: `no ejected pod of egov-hello in ${proxy.pod.name} before the check begins`,
            seen: `${hosts.map(({ ip }) => ip).join(", ")} ejected; ${error.message}`,
            cause: "another client keeps sending requests that fail, so that the pod is ejected again and again",
            action: "stop the other client and run the suite again",
        });
    }
}

export class EjectionScenario {
    private readonly errorPods: Pod[];
    private readonly normalPods: Pod[];

    constructor(
        private readonly client: EjectionClient,
        private readonly pods: readonly Pod[],
        private readonly policy: OutlierDetection,
        private readonly signal: AbortSignal,
        private readonly progress: (what: string) => void,
        private readonly lags: Lags = envoyLags,
    ) {
        this.errorPods = pods.filter(({ labels }) => labels["variant"] === "error");
        this.normalPods = pods.filter((pod) => !this.errorPods.includes(pod));
    }

    /** Start conditions: nobody is ejected, and no error is counted. */
    async prepare(): Promise<void> {
        const { client, policy, signal } = this;
        this.progress(`${client.name}: the end of ejections by earlier requests`);
        await awaitNoEjection(client.proxy, client.cluster, policy, signal, { forgotten: true });
        const missing = new Set(this.pods.map(({ name }) => name));
        const seen: Answer[] = [];
        const limit = requestsToSee(1 / (2 * this.pods.length), { of: this.pods.length });
        while (missing.size > 0 && seen.length < limit) {
            const answers = await client.sendHealthy(this.pods.length);
            seen.push(...answers);
            for (const answer of answers) if (answer.status === 200) missing.delete(podOf(answer));
            if (!answers.some(({ status }) => status === 200)) break;
        }
        if (missing.size > 0)
            fail({
                expected: `every pod of egov-hello answers health requests through ${client.name}`,
                seen: `${tally(seen)}; never ${[...missing].join(", ")}`,
                cause: "the pod is not among the endpoints that the proxy balances over, or the route does not lead to egov-hello",
                action: "look at the saved clusters and routes of the proxy",
                evidence: { "prepare.txt": listing(seen) },
            });
    }

    /** Sends errors one by one: after one less than declared nobody is ejected, after the declared number the pod is. */
    async ejectExactly(): Promise<Ejection[]> {
        const threshold = this.policy.consecutive5xxErrors;
        const seen: Answer[] = [];
        const errors = new Map(this.errorPods.map(({ name }) => [name, 0]));
        const most = () => Math.max(...errors.values());
        const limit = threshold * requestsToSee(1 / (2 * this.pods.length));
        const step = async (count: number): Promise<void> => {
            if (seen.length + count > limit) this.tooFewErrors(seen, limit);
            const answers = await this.client.send(count);
            seen.push(...answers);
            for (const answer of answers) this.countError(answer, errors, seen);
        };

        this.progress(`${this.client.name}: ${threshold - 1} errors in a row from an error pod`);
        while (most() < threshold - 1) await step(threshold - 1 - most());
        const early = (await this.hosts()).filter(isEjected);
        if (early.length > 0)
            fail({
                expected: `nobody is ejected before the error number ${threshold} in a row`,
                seen: `after ${most()} errors in a row ${this.nameOf(early[0]!)} is ejected in ${this.client.name}`,
                cause: "consecutive5xxErrors of the DestinationRule is smaller than declared, or another client's errors count too",
                action: `compare outlierDetection of the DestinationRule egov-hello with egov.outlierDetection.consecutive5xxErrors ${threshold}`,
                evidence: { "ejection.txt": listing(seen) },
            });

        const ejections: Ejection[] = [];
        while (ejections.length < this.errorPods.length) {
            const notBefore = performance.now();
            const counts = new Map(errors);
            await step(1);
            const pod = this.errorPods.find(({ name }) => errors.get(name)! > counts.get(name)!);
            if (!pod || errors.get(pod.name)! < threshold || ejections.some((one) => one.pod === pod)) continue;
            ejections.push({ pod, notBefore, notAfter: await this.awaitFlag(pod, errors.get(pod.name)!, seen) });
        }
        return ejections;
    }

    /** Every request succeeds once the workers have followed the ejection. */
    async allSucceed(): Promise<void> {
        // A run of successes that would be a one-in-a-million chance if an ejected pod still got its even share.
        const settled = requestsToSee(1 / this.pods.length);
        this.progress(`${this.client.name}: the workers follow the ejection`);
        let last: Answer[] = [];
        try {
            await until(
                `${settled} successes in a row`,
                async () => {
                    last = await this.client.send(settled);
                    return last.every(({ status }) => status === 200);
                },
                { deadline: this.lags.workers, interval: 50, signal: this.signal },
            );
        } catch (error) {
            if (!(error instanceof DeadlineExceeded)) throw error;
            await this.notIsolated(last);
        }
        // Notices even a pod that would get one request in twenty.
        const answers = await this.client.send(requestsToSee(0.05));
        if (!answers.every((answer) => answer.status === 200 && this.isNormal(answer))) await this.notIsolated(answers);
    }

    /** The pods come back after baseEjectionTime: not before, and not later than the next sweep. */
    async awaitReturn(ejections: readonly Ejection[]): Promise<void> {
        const base = milliseconds(this.policy.baseEjectionTime);
        const sweep = milliseconds(this.policy.interval);
        const away = new Map(ejections.map((ejection) => [ejection.pod.ip, ejection]));
        let lastEjected = performance.now();
        let lastProbe = -Infinity;
        const deadline = Math.max(...ejections.map(({ notAfter }) => notAfter)) + base + sweep + 2 * this.lags.return;
        while (away.size > 0) {
            this.signal.throwIfAborted();
            const first = Math.min(...[...away.values()].map(({ notAfter }) => notAfter));
            this.progress(
                `${this.client.name}: the return of ${names([...away.values()].map(({ pod }) => pod))}, ${seconds(performance.now() - first)} of ${seconds(base)}`,
            );
            const asked = performance.now();
            const probe = asked - lastProbe >= probeInterval && asked - first < base - 2 * sweep;
            if (probe) lastProbe = asked;
            const answers = probe ? await this.client.sendHealthy(2 * this.pods.length) : [];
            const hosts = await this.hosts();
            const answered = performance.now();
            for (const [ip, ejection] of away) {
                const host = hosts.find((one) => one.ip === ip);
                if (host && isEjected(host)) {
                    this.unseen(ejection.pod, answers);
                    continue;
                }
                away.delete(ip);
                this.judgeReturn(ejection, lastEjected, answered);
            }
            lastEjected = asked;
            if (away.size > 0 && answered > deadline) this.tooLate([...away.values()], answered);
            if (away.size > 0) await this.pauseUntil(first + base - 500, answered);
        }
        await this.awaitTraffic(ejections.map(({ pod }) => pod));
    }

    /** Looks again after a second while the return is far, five times a second when it is near. */
    private async pauseUntil(near: number, now: number): Promise<void> {
        const pause = Math.min(Math.max(near - now, 200), 1_000);
        const end = performance.now() + pause;
        await until("the next look", () => performance.now() >= end, {
            deadline: pause + 1_000,
            interval: pause,
            signal: this.signal,
        });
    }

    private judgeReturn({ pod, notBefore, notAfter }: Ejection, lastEjected: number, returned: number): void {
        const base = milliseconds(this.policy.baseEjectionTime);
        const latest = base + milliseconds(this.policy.interval) + this.lags.return;
        if (returned - notBefore < base)
            fail({
                expected: `${pod.name} stays ejected for baseEjectionTime ${this.policy.baseEjectionTime}`,
                seen: `it was back in ${this.client.name} after at most ${seconds(returned - notBefore)}`,
                cause: "baseEjectionTime of the DestinationRule is shorter, or the proxy's cluster was rebuilt (a configuration change ends ejections)",
                action: "compare the DestinationRule egov-hello with egov.outlierDetection; see whether something changed the configuration during the run",
            });
        if (lastEjected - notAfter > latest)
            fail({
                expected: `${pod.name} returns within ${seconds(latest)} (baseEjectionTime, one interval and ${seconds(this.lags.return)})`,
                seen: `it was still ejected in ${this.client.name} after ${seconds(lastEjected - notAfter)}`,
                cause: "baseEjectionTime of the DestinationRule is longer, or the pod had been ejected several times in a row just before (each one lasts longer)",
                action: "compare the DestinationRule egov-hello with egov.outlierDetection; stop other clients",
            });
    }

    private async awaitTraffic(pods: readonly Pod[]): Promise<void> {
        this.progress(`${this.client.name}: requests reach ${names(pods)} again`);
        const missing = new Set(pods.map(({ name }) => name));
        const seen: Answer[] = [];
        try {
            await until(
                "requests reach the returned pods",
                async () => {
                    const answers = await this.client.sendHealthy(2 * this.pods.length);
                    seen.push(...answers);
                    for (const answer of answers) missing.delete(podOf(answer));
                    return missing.size === 0;
                },
                { deadline: this.lags.workers, interval: 50, signal: this.signal },
            );
        } catch (error) {
            if (!(error instanceof DeadlineExceeded)) throw error;
            fail({
                expected: `requests reach ${[...missing].join(", ")} again after the ejection`,
                seen: `${tally(seen)} within ${seconds(this.lags.workers)}`,
                cause: "Envoy has ended the ejection but its workers do not use the pod, for example because it is not ready any more",
                action: "look at the saved clusters of the proxy",
                evidence: { "return.txt": listing(seen) },
            });
        }
    }

    private countError(answer: Answer, errors: Map<string, number>, seen: readonly Answer[]): void {
        const pod = podOf(answer);
        if (errors.has(pod) && (answer.status ?? 0) >= 500) errors.set(pod, errors.get(pod)! + 1);
        else if (answer.status !== 200 || !this.isNormal(answer))
            fail({
                expected: `200 from ${names(this.normalPods)} and 500 from ${names(this.errorPods)} through ${this.client.name}`,
                seen: tally(seen),
                cause: "a pod does not answer as its variant does, or the route does not lead to egov-hello",
                action: "look at the pods' environment (FORCE_ERROR) and at the saved routes and clusters",
                evidence: { "ejection.txt": listing(seen) },
            });
    }

    private async awaitFlag(pod: Pod, errors: number, seen: readonly Answer[]): Promise<number> {
        this.progress(`${this.client.name}: the ejection of ${pod.name}`);
        try {
            await until(
                `${pod.name} is ejected`,
                async () => (await this.hosts()).some((host) => host.ip === pod.ip && isEjected(host)),
                { deadline: this.lags.flag, interval: 50, signal: this.signal },
            );
            return performance.now();
        } catch (error) {
            if (!(error instanceof DeadlineExceeded)) throw error;
            const hosts = await this.hosts();
            return fail({
                expected: `${pod.name} is ejected in ${this.client.name} after ${this.policy.consecutive5xxErrors} errors in a row`,
                seen: `${errors} errors in a row, but its health flags are "${hosts.find(({ ip }) => ip === pod.ip)?.flags.join(" ") || "healthy"}" (${tally(seen)})`,
                cause: "the proxy has no outlier detection for egov-hello, a higher threshold, or a smaller maxEjectionPercent: is the DestinationRule there, and is its host egov-hello?",
                action: "compare the DestinationRule egov-hello with egov.outlierDetection; outlier_detection in the saved configuration is what the proxy has",
                evidence: { "ejection.txt": listing(seen) },
            });
        }
    }

    private tooFewErrors(seen: readonly Answer[], limit: number): never {
        fail({
            expected: `an error pod (${names(this.errorPods)}) answers ${this.policy.consecutive5xxErrors} of at most ${limit} requests through ${this.client.name} with an error`,
            seen: tally(seen),
            cause: "the error pod answers without errors, or gets no requests",
            action: "look at the error pod's environment (FORCE_ERROR) and at the saved clusters",
            evidence: { "ejection.txt": listing(seen) },
        });
    }

    private async notIsolated(answers: readonly Answer[]): Promise<never> {
        const over = !(await this.hosts()).some(isEjected);
        return fail({
            expected: `every request through ${this.client.name} is answered with 200 by ${names(this.normalPods)} while the error pod is ejected`,
            seen: `${tally(answers)}${over ? "; when the last one was answered nobody was ejected any more" : ""}`,
            cause: over
                ? "the ejection ended too early: baseEjectionTime of the DestinationRule is shorter, or a machine so slow that the requests outlast it"
                : "the ejected pod still gets requests (Envoy's panic mode: too few healthy pods), or normal pods fail",
            action: "compare outlierDetection of the DestinationRule egov-hello with egov.outlierDetection; look at the saved clusters",
            evidence: { "isolation.txt": listing(answers) },
        });
    }

    private unseen(pod: Pod, answers: readonly Answer[]): void {
        if (answers.some((answer) => podOf(answer) === pod.name))
            fail({
                expected: `no request reaches ${pod.name} while it is ejected in ${this.client.name}`,
                seen: tally(answers),
                cause: "the proxy's panic mode: too few healthy pods",
                action: "compare minHealthPercent with the declared one",
                evidence: { "return.txt": listing(answers) },
            });
    }

    private tooLate(ejections: readonly Ejection[], now: number): never {
        fail({
            expected: `${names(ejections.map(({ pod }) => pod))} returns ${this.policy.baseEjectionTime} after its ejection in ${this.client.name}`,
            seen: `still ejected after ${seconds(now - ejections[0]!.notAfter)}`,
            cause: "baseEjectionTime of the DestinationRule is longer, or the pod had been ejected several times in a row just before (each one lasts longer)",
            action: "compare the DestinationRule egov-hello with egov.outlierDetection; stop other clients",
        });
    }

    private hosts(): Promise<EnvoyHost[]> {
        return this.client.proxy.hosts(this.client.cluster);
    }

    private nameOf(host: EnvoyHost): string {
        return this.pods.find(({ ip }) => ip === host.ip)?.name ?? host.ip;
    }

    private isNormal(answer: Answer): boolean {
        return this.normalPods.some(({ name }) => name === podOf(answer));
    }
}

function podOf(answer: Answer): string {
    return answer.upstreamPod ?? answer.pod ?? "";
}
