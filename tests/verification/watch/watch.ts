import { basename } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import type { Report } from "../reports/report";
import type { Spec } from "../spec";
import { specs as firstSpecs } from "../specs";
import { connectTarget } from "../target/connect";
import { TargetError } from "../target/file";
import type { Target } from "../target/target";
import { isGreen, verify, type VerifyOptions } from "../verify";
import { DeadlineExceeded, seconds, until } from "../wait";
import { concernedByObjects, divide } from "./concerned";
import { reloadSpecs, watchFiles } from "./files";
import { watchObjects, type ChangedObject } from "./objects";

/** The suite while somebody works on the mesh or on the suite: each change is answered with a verdict within seconds. */

/** Milliseconds without a further change after which a change counts as complete. */
const quiet = 100;
/** Milliseconds within which istiod begins to send what a change means for the proxies. */
const pushTime = 1_000;
/** Milliseconds that the proxies have to acknowledge it. */
const acknowledgeTime = 10_000;

/**
 * Runs the selected specs once, and from then on after every change of an Istio object, a Service or a spec's file those
 * that it concerns. Connection and process stay warm. Ends when the signal aborts.
 *
 * @returns Whether the last run of every spec was green; undefined where there was no verdict at all.
 */
export async function watchAndVerify(options: VerifyOptions & { signal: AbortSignal }): Promise<boolean | undefined> {
    const target = await connectTarget(options.target);
    try {
        return await new Watcher(options, target).run();
    } finally {
        await target.close();
    }
}

class Watcher {
    private specs: readonly Spec[] = firstSpecs;
    private readonly objects = new Map<string, ChangedObject>();
    private readonly files = new Set<string>();
    /** When the first change came that has no verdict yet. */
    private firstChange = 0;
    private lastChange = 0;
    private wake?: () => void;
    /** What istiod had sent to the proxies when the last change was in force. */
    private sent = "";
    /** Spec -> milliseconds of its checks when they were last made. */
    private readonly lasted = new Map<string, number>();
    /** Specs whose last run was red. */
    private readonly red = new Set<string>();

    constructor(
        private readonly options: VerifyOptions & { signal: AbortSignal },
        private readonly target: Target,
    ) {}

    async run(): Promise<boolean | undefined> {
        const { signal } = this.options;
        const kubeConfig = new KubeConfig();
        kubeConfig.loadFromFile(this.options.target.kubeconfig);
        await watchObjects(
            kubeConfig,
            (object) => {
                this.objects.set(`${object.kind} ${object.namespace}/${object.name}`, object);
                this.changed();
            },
            signal,
        );
        watchFiles((file) => {
            this.files.add(file);
            this.changed();
        }, signal);
        signal.addEventListener("abort", () => this.wake?.(), { once: true });
        this.sent = await this.sentNow();
        if (!(await this.verify(this.specs).catch((error: unknown) => this.failed(error)))) return undefined;
        while (!signal.aborted) {
            this.print("\nwatching Istio objects, Services and the suite's specs; Ctrl-C ends");
            await this.nextChange();
            if (!signal.aborted) await this.answer().catch((error: unknown) => this.failed(error));
        }
        return this.red.size === 0;
    }

    private changed(): void {
        this.lastChange = performance.now();
        if (this.firstChange === 0) this.firstChange = this.lastChange;
        this.wake?.();
    }

    /** Waits until something has changed, and nothing more for a moment. */
    private async nextChange(): Promise<void> {
        const { signal } = this.options;
        if (this.firstChange === 0) await new Promise<void>((resolve) => (this.wake = resolve));
        this.wake = undefined;
        while (!signal.aborted && performance.now() - this.lastChange < quiet)
            await new Promise((resolve) => setTimeout(resolve, quiet / 4));
    }

    /** Runs the specs that the changes concern. */
    private async answer(): Promise<void> {
        const began = this.firstChange;
        const [objects, files] = [[...this.objects.values()], [...this.files]];
        const names = [...this.objects.keys(), ...files.map((file) => basename(file))];
        this.objects.clear();
        this.files.clear();
        this.firstChange = 0;
        this.print(`\nchanged: ${names.join(", ")}`);
        const edited = files.length > 0 ? this.reload(files) : [];
        if (objects.length > 0) await this.inForce();
        const moved = objects.length > 0 ? await concernedByObjects(this.specs, objects, this.target) : [];
        const concerned = this.specs.filter((spec) => edited.includes(spec) || moved.includes(spec));
        const { quick, long } = divide(concerned, this.lasted);
        // Who edits a long spec wants to see it run.
        const wanted = concerned.filter((spec) => quick.includes(spec) || edited.includes(spec));
        const report = await this.verify(wanted);
        const left = long.filter((spec) => !wanted.includes(spec)).map(({ name }) => name);
        if (left.length > 0) this.print(`left out for their declared waits: ${left.join(", ")}`);
        if (report)
            this.print(`${isGreen(report) ? "green" : "RED"} ${seconds(performance.now() - began)} after the change`);
    }

    private reload(files: readonly string[]): Spec[] {
        const { specs, concerned } = reloadSpecs(files);
        this.specs = specs;
        return concerned;
    }

    /** Waits until the proxies have what istiod makes of the change; one that changes nothing for them is not waited for. */
    private async inForce(): Promise<void> {
        const { signal } = this.options;
        await until("istiod sends the change", async () => (await this.sentNow()) !== this.sent, {
            deadline: pushTime,
            interval: 50,
            signal,
        }).catch(ignoreDeadline);
        await until(
            "the proxies acknowledge the change",
            async () => (await this.target.proxySync()).every(({ stale }) => stale.length === 0),
            { deadline: acknowledgeTime, interval: 50, signal },
        ).catch(ignoreDeadline);
        this.sent = await this.sentNow();
    }

    private async sentNow(): Promise<string> {
        const proxies = await this.target.proxySync();
        return proxies
            .map(({ proxy, sent }) => `${proxy} ${sent}`)
            .sort()
            .join("\n");
    }

    /** Runs some specs; answers with the report, or with undefined where --grep leaves none of their checks. */
    private async verify(specs: readonly Spec[]): Promise<Report | undefined> {
        const { grep } = this.options;
        const pattern = grep === undefined ? /(?:)/ : new RegExp(grep);
        const selected = specs.filter(({ checks }) => Object.values(checks).some(({ title }) => pattern.test(title)));
        if (selected.length === 0) {
            this.print("no selected spec is concerned");
            return undefined;
        }
        const report = await verify({ ...this.options, specs: selected, connect: async () => keptOpen(this.target) });
        for (const { name } of selected) {
            const own = report.specs.filter(({ spec }) => spec === name);
            this.lasted.set(
                name,
                own.reduce((sum, { durationMs }) => sum + durationMs, 0),
            );
            if (own.some(({ status }) => status === "failed")) this.red.add(name);
            else this.red.delete(name);
        }
        return report;
    }

    private failed(error: unknown): undefined {
        if (!this.options.signal.aborted)
            this.print(error instanceof TargetError ? error.message : `could not run: ${String(error)}`);
    }

    private print(line: string): void {
        this.options.output.write(`${line}\n`);
    }
}

/** The same target, whose connection outlives a run of the suite. */
function keptOpen(target: Target): Target {
    return Object.assign(Object.create(target) as Target, { close: async () => undefined });
}

function ignoreDeadline(error: unknown): void {
    if (!(error instanceof DeadlineExceeded)) throw error;
}
