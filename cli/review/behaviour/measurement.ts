import type { ProxySnapshot } from "../../../tests/verification/proxy-views/snapshot";
import type { Probe } from "./probes";

/** What one side does when it is asked: numbers of requests by what became of them. */
export interface Measurement {
    readonly probes: readonly ProbeMeasurement[];
    /** Whether a pod's port answers plain text from outside the mesh, by workload and port. */
    readonly plainText: Readonly<Record<string, Outcome>>;
    /** What a workload gets that calls another one, by `caller -> service`. */
    readonly calls: Readonly<Record<string, Outcome>>;
    /** The proxies' configuration, by the name of their workload. */
    readonly proxies: Readonly<Record<string, ProxySnapshot>>;
    /** Requests sent. */
    readonly requests: number;
    readonly seconds: number;
}

/** What always has one answer: `refused`, `accepted`, `200`, `403`. */
export type Outcome = string;

export interface ProbeMeasurement {
    readonly probe: Probe;
    /** Requests by what answered: `200 order-api v1`, `404 gateway`. */
    readonly answers: Readonly<Record<string, number>>;
    /** Tries of a request that the service fails, and the status that the client then sees; undefined where no service answers. */
    readonly tries: { readonly number: number; readonly status: number } | undefined;
    /** Milliseconds after which a request that the service holds is ended, and how; undefined where it was not asked. */
    readonly held: { readonly status: number; readonly ms: number } | undefined;
}
