/** What a client sees differently, measured. */
export interface BehaviourComparison {
    readonly lines: readonly BehaviourLine[];
    /** What was asked on both sides and answered alike. */
    readonly unchanged: readonly string[];
    /** Fields of the proxies' configuration that differ, by proxy. */
    readonly proxies: readonly ProxyDifference[];
    /** How it was measured: requests, duration, the way there. */
    readonly how: string;
    /** Why it could not be measured. */
    readonly problem?: string;
}

/** One thing that a client sees differently. */
export interface BehaviourLine {
    /** What is asked: `GET api.c4ang.com/api/v1/orders`. */
    readonly request: string;
    /** What is looked at: `destination`, `status`, `retries`, `plain text` ... */
    readonly aspect: string;
    readonly before: string;
    readonly after: string;
    /** Requests and confidence of the two measurements. */
    readonly confidence: string;
    /** The changed proxy configuration that explains it. */
    readonly because: readonly string[];
}

export interface ProxyDifference {
    readonly proxy: string;
    /** One line a field: `routes http.8080 ...: 100 -> 90`. */
    readonly fields: readonly string[];
}
