import { ALERTMANAGER, type PrometheusConfig } from "../config/monitoring/prometheus";
import type { ScrapeJob } from "./scrape-jobs";

/** Prometheus' settings, `prometheus.yml`: the rule files and Alertmanager's address are those of E11. */
export function prometheusSettings(config: PrometheusConfig, jobs: readonly ScrapeJob[]) {
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
        scrape_configs: jobs,
    };
}
