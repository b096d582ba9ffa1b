/** Whether an object has become what its kind promises. */
export type Readiness =
    | { state: "ready" }
    /** Not yet; `reason` says what is missing. */
    | { state: "waiting"; reason: string }
    /** It cannot become ready any more without a change. */
    | { state: "failed"; reason: string };

export const READY: Readiness = { state: "ready" };

/** The object is not ready yet because of `reason`. */
export function waiting(reason: string): Readiness {
    return { state: "waiting", reason };
}

/** The object cannot become ready any more because of `reason`. */
export function failed(reason: string): Readiness {
    return { state: "failed", reason };
}
