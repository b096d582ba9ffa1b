import { when, type Finding } from "../finding";
import type { PlatformConfig } from "../platform";

/** What comes as a chart with its own images cannot be had where no registry is reached. */
export function chartProblems({ cluster, monitoring }: PlatformConfig): Finding[] {
    return (["grafana", "kiali"] as const).flatMap((tool) =>
        monitoring[tool] === undefined
            ? []
            : [
                  ...when(!monitoring.enabled, [
                      `monitoring.${tool}`,
                      `there would be nothing that ${tool} could show: set monitoring.enabled to true, or leave monitoring.${tool} out`,
                  ]),
                  ...when(cluster.kind === "embedded", [
                      `monitoring.${tool}`,
                      `an embedded cluster reaches neither the chart nor the image of ${tool}, and no registry of packages has either: leave it out, or take a cluster of the kind "kind" or "eks"`,
                  ]),
              ],
    );
}
