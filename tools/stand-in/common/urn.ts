/** The resource type in a URN: `kubernetes:apps/v1:Deployment`. */
export function typeOf(urn: string): string {
    return urn.split("::")[2]?.split("$").pop() ?? "";
}

/** The resource's logical name in a URN; it may itself contain `::`. */
export function nameOf(urn: string): string {
    return urn.split("::").slice(3).join("::");
}
