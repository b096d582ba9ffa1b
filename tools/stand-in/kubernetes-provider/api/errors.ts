/** A field that the API server refused, and why. */
export interface ErrorCause {
    field: string;
    message: string;
}

/** The API server's refusal of a request. */
export class ApiError extends Error {
    constructor(
        /** HTTP status code. */
        readonly status: number,
        message: string,
        /** Machine-readable reason, such as `Invalid` or `NotFound`; empty when the server gave none. */
        readonly reason: string = "",
        readonly causes: readonly ErrorCause[] = [],
        /** Seconds after which the server wants to be asked again, if it said so. */
        readonly retryAfter?: number,
    ) {
        super(message);
    }

    /** The error in the body of a response with this HTTP status. */
    static from(status: number, body: string, retryAfterHeader?: string): ApiError {
        const retryAfter = Number(retryAfterHeader);
        const seconds = Number.isFinite(retryAfter) && retryAfterHeader !== undefined ? retryAfter : undefined;
        try {
            const parsed = JSON.parse(body) as {
                message?: string;
                reason?: string;
                details?: { causes?: Partial<ErrorCause>[] };
            };
            const causes = (parsed.details?.causes ?? []).map((cause) => ({
                field: cause.field ?? "",
                message: cause.message ?? "",
            }));
            return new ApiError(status, parsed.message ?? `HTTP ${status}`, parsed.reason, causes, seconds);
        } catch {
            return new ApiError(status, body.trim() || `HTTP ${status}`, "", [], seconds);
        }
    }
}

/** The API server does not answer. */
export class UnreachableError extends Error {
    constructor(
        readonly server: string,
        cause: NodeJS.ErrnoException,
    ) {
        super(
            `The Kubernetes API server at ${server} does not answer: ${cause.code ?? cause.message}. ` +
                "Start the cluster, or correct the provider's kubeconfig, then run the same command again.",
            { cause },
        );
    }
}

/** No API of this group and version, or none of its kinds, is served. */
export class UnknownKindError extends Error {
    constructor(
        readonly apiVersion: string,
        readonly kind: string,
    ) {
        super(
            `The cluster serves no kind ${kind} in ${apiVersion}. Install its CustomResourceDefinition first (dependsOn), or correct apiVersion and kind.`,
        );
    }
}

/** The work was stopped because the update was cancelled (Ctrl-C). */
export class CancelledError extends Error {
    constructor() {
        super("Stopped because the update was cancelled. Run the same command again to continue.");
    }
}

/** True when the error says that the object does not exist (any more). */
export function isGone(error: unknown): boolean {
    return (
        (error instanceof ApiError && (error.status === 404 || error.status === 410)) ||
        error instanceof UnknownKindError
    );
}
