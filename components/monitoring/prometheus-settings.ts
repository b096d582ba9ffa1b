import { ALERTMANAGER, type PrometheusConfig } from "../config/monitoring/prometheus";
import { scrapeJobs } from "./scrape-jobs";

/** Prometheus' settings, `prometheus.yml`: the rule files and Alertmanager's address are those of E11. */
export function prometheusSettings(config: PrometheusConfig, namespace: string, furtherJobs: readonly object[] = []) {
    return {
        global: {
            scrape_interval: config.scrapeInterval,
            scrape_timeout: config.scrapeTimeout,
            evaluation_interval: config.evaluationInterval,
        },
        rule_files: ["/etc/prometheus/rules/*.yaml"],
        alerting: {
            alertmanagers: [{ static_configs: [{ targets: [`${ALERTMANAGER.name}:${ALERTMANAGER.port}`] }] }],
        },
        scrape_configs: [...scrapeJobs(namespace), ...furtherJobs],
    };
}
