/**
 * What of the tools around this program is not the official product, one sentence each: whoever starts Pulumi knows, and
 * says so in `ISTIO_PLATFORM_PROVENANCE`, a line each. It is repeated in the stack's outputs and in every report.
 */
export function toolProvenance(env: NodeJS.ProcessEnv = process.env): string[] {
    return (env.ISTIO_PLATFORM_PROVENANCE ?? "")
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "");
}
