import { parse } from "yaml";
import { ALERTMANAGER, PROMETHEUS } from "../../../../components/config/monitoring/prometheus";
import { RECORDER } from "../../../../components/config/monitoring/receivers";
import type { EvidenceScope } from "../../spec";
import type { Pod, Target } from "../../target/target";
import { fail } from "./answers";

/** Prometheus, Alertmanager and the recorder of messages as the specs about alerts see them. */

/** A rule as Prometheus has loaded it. */
export interface LoadedRule {
    type: "alerting" | "recording";
    /** Name of the alert or of the recorded series. */
    name: string;
    query: string;
    /** Seconds for which an alert's condition must hold. */
    duration?: number;
    labels?: Readonly<Record<string, string>>;
    annotations?: Readonly<Record<string, string>>;
    /** `ok`, or that the last evaluation failed. */
    health: string;
    lastError?: string;
}

/** A group of rules as Prometheus has loaded it. */
export interface LoadedGroup {
    name: string;
    /** Path of the file in Prometheus' container. */
    file: string;
    /** Seconds between two evaluations. */
    interval: number;
    rules: LoadedRule[];
}

/** An alert that Prometheus knows of. */
export interface ActiveAlert {
    labels: Readonly<Record<string, string>>;
    state: "pending" | "firing";
    activeAt: string;
}

/** One message as the recorder took it. */
export interface Message {
    number: number;
    /** Milliseconds since 1970. */
    at: number;
    kind: "slack" | "pagerduty" | "email";
    channel: string;
    title: string;
    text: string;
}

/** A value of a series at a moment. */
export interface Sample {
    metric: Readonly<Record<string, string>>;
    value: number;
}

/** What Alertmanager has loaded. */
export interface LoadedConfig {
    global?: Record<string, unknown>;
    route?: Record<string, unknown>;
    receivers?: Record<string, unknown>[];
}

export class Alerting {
    constructor(private readonly target: Target) {}

    private get namespace(): string {
        return this.target.config.egov.namespaces.monitoring;
    }

    /** The groups of rules that Prometheus evaluates. */
    async groups(): Promise<LoadedGroup[]> {
        return (await this.prometheus<{ groups: LoadedGroup[] }>("/api/v1/rules")).groups;
    }

    /** The alerts that are pending or firing. */
    async alerts(): Promise<ActiveAlert[]> {
        return (await this.prometheus<{ alerts: ActiveAlert[] }>("/api/v1/alerts")).alerts;
    }

    /** Addresses of the Alertmanagers that Prometheus sends alerts to. */
    async alertmanagers(): Promise<string[]> {
        const { activeAlertmanagers } = await this.prometheus<{ activeAlertmanagers: { url: string }[] }>(
            "/api/v1/alertmanagers",
        );
        return activeAlertmanagers.map(({ url }) => url);
    }

    /** The values of an expression, now or at a moment (milliseconds since 1970). */
    async query(expression: string, at?: number): Promise<Sample[]> {
        const time = at === undefined ? "" : `&time=${at / 1000}`;
        const { result } = await this.prometheus<{
            result: { metric: Record<string, string>; value: [number, string] }[];
        }>(`/api/v1/query?query=${encodeURIComponent(expression)}${time}`);
        return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    }

    /** What Alertmanager has loaded; it shows no secret. */
    async configuration(): Promise<LoadedConfig> {
        const { config } = JSON.parse(await this.get(ALERTMANAGER, "/api/v2/status")) as {
            config: { original: string };
        };
        return parse(config.original) as LoadedConfig;
    }

    /** Tells Alertmanager of alerts by its API v2, as Prometheus does (E14). */
    async post(alerts: readonly object[]): Promise<void> {
        const pod = await this.pod(ALERTMANAGER.name);
        const { status, body } = await this.target.kubernetes.post(pod, ALERTMANAGER.port, "/api/v2/alerts", alerts);
        if (status !== 200) throw new Error(`Alertmanager answered ${status} to POST /api/v2/alerts: ${body}`);
    }

    /** The messages with a larger number than another one. */
    async messages(after = 0): Promise<Message[]> {
        return JSON.parse(await this.get(RECORDER, `/messages?after=${after}`)) as Message[];
    }

    /** Number of the last message. */
    async lastMessage(): Promise<number> {
        return (await this.messages()).at(-1)?.number ?? 0;
    }

    private async prometheus<Data>(path: string): Promise<Data> {
        const { status, data, error } = JSON.parse(await this.get(PROMETHEUS, path)) as {
            status: string;
            data: Data;
            error?: string;
        };
        if (status !== "success") throw new Error(`Prometheus answered to ${path}: ${error ?? status}`);
        return data;
    }

    private async get({ name, port }: { name: string; port: number }, path: string): Promise<string> {
        const { status, body } = await this.target.kubernetes.get(await this.pod(name), port, path);
        if (status >= 500) throw new Error(`${name} answered ${status} to ${path}: ${body.slice(0, 200)}`);
        return body;
    }

    private async pod(app: string): Promise<Pod> {
        const pods = await this.target.kubernetes.pods(this.namespace, { app });
        const ready = pods.find(({ readySince }) => readySince);
        if (ready) return ready;
        return fail({
            expected: `a ready pod of ${app} in ${this.namespace}`,
            seen: pods.map(({ name, phase }) => `${name} ${phase}`).join(", ") || "no pod",
            cause: "it is not deployed, cannot read its configuration, or has no node",
            action: `kubectl -n ${this.namespace} get pods; kubectl -n ${this.namespace} logs deployment/${app}`,
        });
    }
}

/** What explains a failure on the way from a rule to a message. */
export async function alertingEvidence(target: Target): Promise<EvidenceScope> {
    const namespace = target.config.egov.namespaces.monitoring;
    const { kubernetes } = target;
    return {
        pods: await kubernetes.pods(namespace),
        objects: [
            { apiVersion: "v1", kind: "ConfigMap", namespace, name: "prometheus-rules" },
            { apiVersion: "apps/v1", kind: "Deployment", namespace },
        ],
    };
}
