import type { StackValidation } from "@pulumi/policy";

/** A type that no resource has. */
const NO_TYPE = "istio-platform:policy:NothingFound";

/**
 * A validation that the SDK passes over while it has nothing to say.
 *
 * The SDK reads all resources of the stack anew for every policy, which for hundreds of resources takes longer than all
 * rules together. It leaves that out for a policy about a type of resource that the stack does not have, by the property
 * with which its own `validateStackResourcesOfType` marks such functions. An SDK that no longer looks at it runs the
 * validation, which then says nothing: slower, with the same result.
 */
export function nothingFound(isSilent: () => boolean, validate: StackValidation): StackValidation {
    return Object.defineProperty(validate, "__pulumiType", { get: () => (isSilent() ? NO_TYPE : undefined) });
}
