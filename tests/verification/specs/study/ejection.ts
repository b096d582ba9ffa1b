import type { PlatformConfig } from "../../../../components/config/platform";
import { milliseconds } from "../../../../components/config/units";
import { requestsToSee } from "../../statistics/sample-size";
import type { Answer, Pod, Proxy, Target } from "../../target/target";
import { seconds, until } from "../../wait";
import { fail } from "../support/answers";
import { awaitNoEjection } from "../support/ejection";
import { newKey, recordings } from "../support/recordings";
import { callerPod, simpleBackend, simpleWeb, studyCluster, throughSimpleWeb, type Profile } from "../support/study";

/** Milliseconds that Envoy's workers take to follow an ejection: it merges changes of health for 1 s. */
export const workersLag = 3_000;
/** Milliseconds that the end of an ejection may be late after the sweep that should have ended it. */
const returnLag = 1_500;
/** Requests after which one looks whether all is right. */
const batch = 12;
/** Envoy's health flag of an ejected host. */
const ejectedFlag = "failed_outlier_check";

/** How a pod was made to fail, and when it was ejected as narrowly as that could be seen; milliseconds of performance.now(). */
export interface BackendEjection {
    pod: Pod;
    /** Headers by which the pod, and no other one, goes on failing. */
    fault: Readonly<Record<string, string>>;
    answers: Answer[];
    /** Errors that the pod has answered. */
    errors: number;
    ejected: boolean;
    /** The request with the last error was sent. */
    notBefore: number;
    /** The flag was seen, or given up. */
    notAfter: number;
}

/** The sidecar of simple-web as it treats the pods of a subset with outlier detection (T9, T13). */
export class EjectingCaller {
    readonly cluster: string;
    /** Where a reader looks when something is wrong. */
    readonly action: string;
    private readonly proxy: Proxy;

    static async of(
        target: Target,
        config: PlatformConfig,
        profile: Profile<"outlierDetection">,
        signal: AbortSignal,
    ): Promise<EjectingCaller> {
        return new EjectingCaller(target, config, await callerPod(target, simpleWeb), profile, signal);
    }

    private constructor(
        private readonly target: Target,
        config: PlatformConfig,
        readonly pod: Pod,
        private readonly profile: Profile<"outlierDetection">,
        private readonly signal: AbortSignal,
    ) {
        const { name } = profile;
        this.proxy = target.proxy(pod);
        this.cluster = studyCluster(config, simpleBackend, name);
        this.action = `kubectl -n ${config.study.namespace} get destinationrule,virtualservice simple-backend -o yaml: compare with study.simpleBackend.profiles.${name}; the saved clusters of simple-web's sidecar are what acts`;
    }

    /** Requests from outside that the caller passes on to the subset. */
    send(headers: Readonly<Record<string, string>>, count = 1): Promise<Answer[]> {
        const stream = { count, concurrency: Math.min(count, 4) };
        return throughSimpleWeb(this.target, this.profile.route, { headers }, stream);
    }

    async isEjected({ ip }: Pod): Promise<boolean> {
        const hosts = await this.proxy.hosts(this.cluster);
        return hosts.some((host) => host.ip === ip && host.flags.includes(ejectedFlag));
    }

    /** Nobody is ejected, and earlier ejections are forgotten. */
    prepare(): Promise<void> {
        return awaitNoEjection(this.proxy, this.cluster, this.profile.policy, this.signal, { forgotten: true });
    }

    /** One request at a time, until a pod that fails is ejected or nothing has happened for too long; it gets at least one in `among`. */
    async failUntilEjected(pod: Pod, among: number): Promise<BackendEjection> {
        const { key, headers } = newKey();
        const fault = { ...headers, "x-test-pods": pod.name, "x-test-fail-attempts": "100" };
        const limit = this.profile.policy.consecutive5xxErrors * requestsToSee(1 / (2 * among));
        const answers: Answer[] = [];
        let notBefore = performance.now();
        let ejected = false;
        while (answers.length < limit && !ejected) {
            notBefore = performance.now();
            answers.push(...(await this.send(fault)));
            ejected = await this.isEjected(pod);
        }
        const notAfter = performance.now();
        const errors = (await recordings(this.target, [pod], key)).length;
        return { pod, fault, answers, errors, ejected, notBefore, notAfter };
    }

    /**
     * Sends until `count` answers in a row are right. Wrong ones are forgiven for `settling` milliseconds, which the workers may
     * need; a busy machine may take longer for the whole row.
     *
     * @returns nothing, or the first wrong answers afterwards.
     */
    async wrongAnswers(
        { headers, count, settling }: { headers: Readonly<Record<string, string>>; count: number; settling: number },
        right: (answers: readonly Answer[]) => boolean | Promise<boolean>,
    ): Promise<Answer[] | undefined> {
        const settled = performance.now() + settling;
        for (let inARow = 0; inARow < count;) {
            this.signal.throwIfAborted();
            const late = performance.now() >= settled;
            const answers = await this.send(headers, batch);
            if (await right(answers)) inARow += answers.length;
            else if (late) return answers;
            else inARow = 0;
        }
        return undefined;
    }

    /** The pod comes back after baseEjectionTime: not before, and not later than the next sweep. */
    async awaitReturn({ pod, ejected, notBefore, notAfter }: BackendEjection): Promise<void> {
        if (!ejected) throw new Error(`${pod.name} was not ejected`);
        const { name, policy } = this.profile;
        const base = milliseconds(policy.baseEjectionTime);
        const latest = base + milliseconds(policy.interval) + returnLag;
        let lastEjected = notAfter;
        let returned: number | undefined;
        while (returned === undefined && performance.now() - notAfter < latest + base) {
            const asked = performance.now();
            if (await this.isEjected(pod)) lastEjected = asked;
            else returned = performance.now();
            if (returned === undefined) await nextLook(this.signal);
        }
        const early = returned !== undefined && returned - notBefore < base;
        if (returned === undefined || early || lastEjected - notAfter > latest)
            fail({
                expected: `${pod.name} is ejected for ${seconds(base)} to ${seconds(latest)} (baseEjectionTime, one interval and ${seconds(returnLag)})`,
                seen:
                    returned === undefined
                        ? `still ejected after ${seconds(lastEjected - notAfter)}`
                        : `ejected for ${seconds(lastEjected - notAfter)} to ${seconds(returned - notBefore)}`,
                cause: `baseEjectionTime or interval of the subset ${name} differs from the configuration`,
                action: this.action,
            });
    }
}

/** A fifth of a second later. */
async function nextLook(signal: AbortSignal): Promise<void> {
    const end = performance.now() + 200;
    await until("the next look", () => performance.now() >= end, { deadline: 1_000, interval: 200, signal });
}
