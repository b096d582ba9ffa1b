/** One request as a test sees it afterwards. */
export interface RecordedRequest {
    /** The proxy's attempt count. */
    readonly attempt: number;
    /** Header `Host`: ends in `-shadow` before the port where the request is a mirrored copy (T6). */
    readonly host: string;
    /** Address that the request came from: the last proxy's, where the pod has no sidecar (P11). */
    readonly from: string;
    /** Status that was answered; null while it is under way or when the client left before the answer. */
    status: number | null;
    /** When the request arrived: milliseconds since 1970. */
    readonly at: number;
    /** Identity of the caller in mutual TLS, as the pod's own sidecar saw it; null without mutual TLS. */
    readonly peer: string | null;
}

/** Longest key that is remembered. */
export const LONGEST_KEY = 200;

/**
 * Remembers the requests that carried `x-test-key`, so that a test can count the proxy's tries from the receiver's side.
 * Memory is bounded: beyond `capacity` requests the key that was used longest ago is forgotten.
 */
export class Recorder {
    private readonly requests = new Map<string, RecordedRequest[]>();
    private size = 0;

    /** @param capacity Requests remembered over all keys; about 100 bytes each. */
    constructor(private readonly capacity = 10_000) {}

    /** Remembers a request; its status is filled in by whoever answers it. */
    record(key: string, request: Omit<RecordedRequest, "status" | "at">): RecordedRequest {
        const recorded: RecordedRequest = { ...request, status: null, at: Date.now() };
        const list = this.requests.get(key) ?? [];
        list.push(recorded);
        this.size += 1;
        this.requests.delete(key);
        this.requests.set(key, list);
        this.forget();
        return recorded;
    }

    /** The requests remembered under a key, oldest first. */
    list(key: string): readonly RecordedRequest[] {
        return this.requests.get(key) ?? [];
    }

    /** How many requests are remembered under each key that begins with a prefix. */
    counts(prefix: string): Readonly<Record<string, number>> {
        const keys = [...this.requests].filter(([key]) => key.startsWith(prefix));
        return Object.fromEntries(keys.map(([key, list]) => [key, list.length]));
    }

    private forget(): void {
        for (const [key, list] of this.requests) {
            if (this.size <= this.capacity) return;
            if (this.requests.size === 1) {
                list.shift();
                this.size -= 1;
            } else {
                this.requests.delete(key);
                this.size -= list.length;
            }
        }
    }
}
