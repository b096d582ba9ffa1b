import { ALERTMANAGER, PROMETHEUS } from "../config/monitoring/prometheus";

/** What Prometheus scrapes: `scrape_configs`. */
export function scrapeJobs(namespace: string) {
    const own = ({ name, port }: { name: string; port: number }) => ({
        job_name: name,
        static_configs: [{ targets: [`${name}.${namespace}:${port}`] }],
    });
    return [own(PROMETHEUS), own(ALERTMANAGER)];
}
