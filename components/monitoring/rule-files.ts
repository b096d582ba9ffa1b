import { stringify } from "yaml";
import type { PlatformConfig } from "../config/platform";
import { alertFiles } from "./alert-rules";
import { recordingFiles } from "./recording-rules";
import type { RuleFiles } from "./rule";

/** What the rules are made from: the systems that they watch, and their own numbers. */
export type RuledConfig = Pick<PlatformConfig, "egov" | "ecommerce" | "study" | "monitoring">;

/** All rules (C15, C16, E12), by the file that they are in. */
export function rulesOf(config: RuledConfig): RuleFiles {
    const { rules } = config.monitoring;
    return { ...alertFiles(config, rules), ...recordingFiles(config, rules) };
}

/** Prometheus' rule files: name -> text, for the ConfigMap `prometheus-rules` (E11). */
export function ruleFiles(config: RuledConfig): Readonly<Record<string, string>> {
    const text = (groups: object) => stringify({ groups }, { lineWidth: 0 });
    return Object.fromEntries(Object.entries(rulesOf(config)).map(([file, groups]) => [file, text(groups)]));
}
