import type { RulesConfig } from "../config/monitoring/rules";

/** Prometheus' rule files: name -> text, for the ConfigMap `prometheus-rules` (E11). */
export function ruleFiles(_config: RulesConfig): Readonly<Record<string, string>> {
    return {};
}
