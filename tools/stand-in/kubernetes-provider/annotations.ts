// Annotations by which a program tells the provider how to treat an object: the same names as with the official provider.

/** `"true"`: do not wait for the object. */
export const SKIP_AWAIT = "pulumi.com/skipAwait";
/** What to wait for instead of the kind's own readiness: `condition=Type[=Status]`, `jsonpath={.path}[=value]`, or a JSON list of these. */
export const WAIT_FOR = "pulumi.com/waitFor";
/** Seconds to wait for readiness or deletion. */
export const TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds";
/** `background`, `foreground` or `orphan`: what happens to dependents on deletion. */
export const DELETION_PROPAGATION = "pulumi.com/deletionPropagationPolicy";
/** Set by the provider on objects that it named. */
export const AUTONAMED = "pulumi.com/autonamed";
