/** The components of the program that a resource belongs to, outermost first: from its URN. */
export function componentTypes(urn: string): string[] {
    const qualified = urn.split("::")[2] ?? "";
    return qualified
        .split("$")
        .slice(0, -1)
        .filter((type) => type !== "pulumi:pulumi:Stack");
}

/** Heading under which a resource is listed: `apps:Ecommerce`; what belongs to no component stands by itself. */
export function componentOf(urn: string): string {
    const outermost = componentTypes(urn)[0] ?? "";
    const own = urn.split("::")[2]?.split("$").at(-1) ?? "";
    const type = outermost || (own.startsWith("istio-platform:") ? own : "");
    return type === "" ? "stack" : type.replace(/^istio-platform:/, "");
}

/** A type as people call it: `Deployment` for `kubernetes:apps/v1:Deployment`, `rds.Instance` for `aws:rds/instance:Instance`. */
export function shortType(type: string): string {
    const [provider, module = "", kind = type] = type.split(":");
    if (provider === "kubernetes") return kind;
    if (provider === "aws" || provider === "eks")
        return `${module.split("/")[0]}.${kind}`.replace(/^index\./, `${provider}.`);
    return kind;
}
