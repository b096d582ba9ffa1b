import { clusterName } from "../../model/calls";
import type { Field } from "../../model/field";
import { closest } from "../../model/host";
import { matchesSelector } from "../../model/labels";
import type { Mesh } from "../../model/mesh";
import type { MeshObject } from "../../model/object";
import { type MonitoringFile, monitoringFiles } from "../../model/prometheus";
import { Service } from "../../model/service";
import { isKnown, type Maybe, UNKNOWN } from "../../model/unknown";
import type { Workload } from "../../model/workload";
import { at, type Finding, list, type Rule } from "../rule";

/** A place inside a file that an object holds. */
const inside = ({ object, holder }: MonitoringFile, field: Field | string, message: string, fix: string): Finding => {
    const path = typeof field === "string" ? field : field.path;
    return object.kind === "PrometheusRule"
        ? at(object, `${holder.path}.${path}`, message, fix)
        : at(object, holder, path ? `${path}: ${message}` : message, fix);
};

export const alertmanagerConfig: Rule = {
    id: "alertmanager-config",
    title: "Every route of Alertmanager leads to a receiver that is defined, by intervals that are",
    reason: "Alertmanager does not start with it, or keeps the old configuration: nobody is told.",
    fix: "Define the receiver, or name one that is defined.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["https://prometheus.io/docs/alerting/latest/configuration/"],
    *check(mesh) {
        for (const file of monitoringFiles(mesh).filter(({ kind }) => kind === "alertmanager")) {
            if (!file.root) {
                yield inside(file, "", `this is no YAML (${file.error})`, "correct it");
                continue;
            }
            const { root } = file;
            const receivers = root
                .get("receivers")
                .items()
                .map((item) => item.get("name").text());
            for (const [index, name] of receivers.entries())
                if (receivers.indexOf(name) < index)
                    yield inside(
                        file,
                        `receivers[${index}].name`,
                        `the receiver "${String(name)}" is defined twice`,
                        "rename one",
                    );
            const intervals = [...root.get("time_intervals").items(), ...root.get("mute_time_intervals").items()].map(
                (item) => item.get("name").value,
            );
            if (!root.get("route").isSet) yield inside(file, "route", "there is no route", "add route.receiver");
            else if (!root.get("route", "receiver").isSet)
                yield inside(file, "route.receiver", "the root route has no receiver", "add route.receiver");
            for (const route of routesOf(root.get("route"))) {
                const name = route.get("receiver").text();
                if (isKnown(name) && !receivers.includes(name))
                    yield inside(
                        file,
                        route.get("receiver"),
                        `there is no receiver "${name}" (but ${list(receivers.map(String))})`,
                        `write "${closest(name, receivers) ?? String(receivers[0])}"`,
                    );
                for (const key of ["mute_time_intervals", "active_time_intervals"])
                    for (const item of route.get(key).items())
                        if (!intervals.includes(item.value))
                            yield inside(
                                file,
                                item,
                                `there is no time interval "${String(item.value)}"`,
                                "define it in time_intervals",
                            );
                for (const key of ["group_wait", "group_interval", "repeat_interval"])
                    if (route.get(key).isSet && !isDuration(route.get(key).value))
                        yield inside(
                            file,
                            route.get(key),
                            `"${String(route.get(key).value)}" is no duration`,
                            "write 30s, 5m, 4h",
                        );
                yield* unknownKeys(file, route, ROUTE_KEYS);
                for (const matcher of route.get("matchers").items())
                    if (
                        isKnown(matcher.text()) &&
                        !/^\s*[a-zA-Z_]\w*\s*(=|!=|=~|!~)/.test(matcher.value as string) &&
                        !String(matcher.value).startsWith("{")
                    )
                        yield inside(
                            file,
                            matcher,
                            `"${String(matcher.value)}" is no matcher`,
                            'write severity="critical"',
                        );
            }
            yield* unknownKeys(file, root, TOP_KEYS);
        }
    },
};

const ROUTE_KEYS =
    "receiver group_by continue match match_re matchers group_wait group_interval repeat_interval mute_time_intervals active_time_intervals routes".split(
        " ",
    );
const TOP_KEYS = "global templates route receivers inhibit_rules time_intervals mute_time_intervals tracing".split(" ");
const SCRAPE_KEYS =
    "job_name scrape_interval scrape_timeout metrics_path scheme params static_configs kubernetes_sd_configs relabel_configs metric_relabel_configs honor_labels honor_timestamps sample_limit label_limit target_limit tls_config authorization basic_auth bearer_token bearer_token_file proxy_url follow_redirects enable_http2 file_sd_configs dns_sd_configs http_sd_configs scrape_classic_histograms scrape_protocols fallback_scrape_protocol track_timestamps_staleness body_size_limit oauth2 enable_compression consul_sd_configs ec2_sd_configs label_name_length_limit label_value_length_limit native_histogram_bucket_limit keep_dropped_targets always_scrape_classic_histograms convert_classic_histograms_to_nhcb scrape_failure_log_file metric_name_validation_scheme metric_name_escaping_scheme".split(
        " ",
    );
const PROMETHEUS_KEYS =
    "global rule_files scrape_configs scrape_config_files alerting remote_write remote_read storage tracing runtime otlp".split(
        " ",
    );
const RULE_KEYS = "alert record expr for keep_firing_for labels annotations".split(" ");
const RELABEL_KEYS = "source_labels separator target_label regex modulus replacement action".split(" ");
const ACTIONS = "replace lowercase uppercase keep drop keepequal dropequal hashmod labelmap labeldrop labelkeep".split(
    " ",
);
const ROLES = "node service pod endpoints endpointslice ingress".split(" ");

function* unknownKeys(file: MonitoringFile, field: Field, known: readonly string[]): Iterable<Finding> {
    for (const key of field.keys())
        if (!known.includes(key))
            yield inside(
                file,
                field.get(key),
                `there is no setting "${key}" here: the configuration is refused`,
                `write ${closest(key, known) ?? `one of ${list(known)}`}`,
            );
}

function* routesOf(route: Field): Iterable<Field> {
    if (!route.isSet) return;
    yield route;
    for (const child of route.get("routes").items()) yield* routesOf(child);
}

function isDuration(value: unknown): boolean {
    return (
        value === 0 ||
        value === "0" ||
        (typeof value === "string" &&
            /^((\d+)y)?((\d+)w)?((\d+)d)?((\d+)h)?((\d+)m)?((\d+)s)?((\d+)ms)?$/.test(value) &&
            value !== "")
    );
}

export const prometheusConfig: Rule = {
    id: "prometheus-config",
    title: "Prometheus' configuration is one that it takes, and its targets exist",
    reason: "Prometheus does not start with it, or scrapes nothing: there are no figures, and no alarm.",
    fix: "See what the finding says.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["https://prometheus.io/docs/prometheus/latest/configuration/configuration/"],
    *check(mesh) {
        for (const file of monitoringFiles(mesh).filter(({ kind }) => kind === "prometheus")) {
            if (!file.root) {
                yield inside(file, "", `this is no YAML (${file.error})`, "correct it");
                continue;
            }
            yield* unknownKeys(file, file.root, PROMETHEUS_KEYS);
            for (const key of ["scrape_interval", "scrape_timeout", "evaluation_interval"])
                yield* duration(file, file.root.get("global", key));
            const jobs = new Set<unknown>();
            for (const job of file.root.get("scrape_configs").items()) {
                const name = job.get("job_name").value;
                if (jobs.has(name))
                    yield inside(
                        file,
                        job.get("job_name"),
                        `two jobs are named "${String(name)}": the configuration is refused`,
                        "rename one",
                    );
                jobs.add(name);
                yield* unknownKeys(file, job, SCRAPE_KEYS);
                for (const key of ["scrape_interval", "scrape_timeout"]) yield* duration(file, job.get(key));
                const interval = seconds(
                    job.get("scrape_interval").value ?? file.root.get("global", "scrape_interval").value ?? "1m",
                );
                const timeout = seconds(job.get("scrape_timeout").value);
                if (interval !== undefined && timeout !== undefined && timeout > interval)
                    yield inside(
                        file,
                        job.get("scrape_timeout"),
                        "the time-out is longer than the interval: the configuration is refused",
                        "shorten it",
                    );
                for (const config of job.get("kubernetes_sd_configs").items()) {
                    const role = config.get("role").value;
                    if (typeof role === "string" && !ROLES.includes(role))
                        yield inside(
                            file,
                            config.get("role"),
                            `Kubernetes has no role "${role}"`,
                            `write ${closest(role, ROLES) ?? list(ROLES)}`,
                        );
                    for (const space of config.get("namespaces", "names").items())
                        if (
                            typeof space.value === "string" &&
                            mesh.namespaces.length > 0 &&
                            !mesh.namespace(space.value) &&
                            closest(
                                space.value,
                                mesh.namespaces.map((one) => one.name),
                            )
                        )
                            yield inside(
                                file,
                                space,
                                `there is no namespace ${space.value}: nothing is scraped`,
                                `write ${closest(
                                    space.value,
                                    mesh.namespaces.map((one) => one.name),
                                )}`,
                            );
                }
                for (const key of ["relabel_configs", "metric_relabel_configs"])
                    for (const step of job.get(key).items()) yield* relabel(file, step);
                for (const config of job.get("static_configs").items())
                    for (const target of config.get("targets").items()) yield* checkTarget(mesh, file, target);
            }
            for (const config of file.root.get("alerting", "alertmanagers").items())
                for (const group of config.get("static_configs").items())
                    for (const target of group.get("targets").items()) yield* checkTarget(mesh, file, target);
        }
        for (const kind of ["ServiceMonitor", "PodMonitor"])
            for (const monitor of mesh.ofKind(kind)) yield* checkMonitor(mesh, monitor);
    },
};

function* duration(file: MonitoringFile, field: Field): Iterable<Finding> {
    if (field.isSet && !isDuration(field.value))
        yield inside(
            file,
            field,
            `"${String(field.value)}" is no duration: the configuration is refused`,
            "write 15s, 1m",
        );
}

function seconds(value: unknown): number | undefined {
    const match = typeof value === "string" ? /^(\d+)(ms|s|m|h)$/.exec(value) : undefined;
    return match ? Number(match[1]) * ({ ms: 0.001, s: 1, m: 60, h: 3_600 }[match[2] as "s"] ?? 1) : undefined;
}

function* relabel(file: MonitoringFile, step: Field): Iterable<Finding> {
    yield* unknownKeys(file, step, RELABEL_KEYS);
    const action = step.get("action").value;
    if (typeof action === "string" && !ACTIONS.includes(action.toLowerCase()))
        yield inside(
            file,
            step.get("action"),
            `there is no action "${action}": the configuration is refused`,
            `write ${closest(action, ACTIONS) ?? list(ACTIONS)}`,
        );
    const regex = step.get("regex").value;
    if (typeof regex === "string" && !isRegex(regex))
        yield inside(
            file,
            step.get("regex"),
            `"${regex}" is no regular expression: the configuration is refused`,
            "correct it",
        );
    for (const label of step.get("source_labels").items()) {
        const text = label.value;
        if (typeof text !== "string" || !text.startsWith("__meta_kubernetes_")) continue;
        const kind = text.slice("__meta_kubernetes_".length);
        if (!META.some((known) => kind === known || (known.endsWith("_") && kind.startsWith(known)))) {
            const near = closest(kind, META);
            if (near)
                yield inside(
                    file,
                    label,
                    `Kubernetes has no label "${text}": it is always empty`,
                    `write __meta_kubernetes_${near}`,
                );
        }
    }
}

const META = (
    "namespace node_name node_provider_id node_label_ node_labelpresent_ node_annotation_ node_annotationpresent_ node_address_ service_annotation_ service_annotationpresent_ service_cluster_ip service_loadbalancer_ip service_external_name service_label_ service_labelpresent_ service_name service_port_name service_port_number service_port_protocol service_type " +
    "pod_name pod_ip pod_label_ pod_labelpresent_ pod_annotation_ pod_annotationpresent_ pod_container_init pod_container_name pod_container_id pod_container_image pod_container_port_name pod_container_port_number pod_container_port_protocol pod_ready pod_phase pod_node_name pod_host_ip pod_uid pod_controller_kind pod_controller_name " +
    "endpoints_name endpoints_label_ endpoints_annotation_ endpoint_hostname endpoint_node_name endpoint_ready endpoint_port_name endpoint_port_protocol endpoint_address_target_kind endpoint_address_target_name endpointslice_name endpointslice_port_name endpointslice_port endpointslice_address_type endpointslice_endpoint_conditions_ready ingress_name ingress_label_ ingress_host ingress_path ingress_scheme"
).split(" ");

function isRegex(text: string): boolean {
    try {
        new RegExp(text.replaceAll(/\(\?[imsU-]+(:|\))/g, "(?:").replaceAll("(?P<", "(?<"));
        return true;
    } catch {
        return false;
    }
}

function* checkTarget(mesh: Mesh, file: MonitoringFile, target: Field): Iterable<Finding> {
    const match = /^([^:/]+):(\d+)$/.exec(String(target.value));
    if (!match || !isKnown(file.object.namespace)) return;
    const [, host, port] = match as unknown as [string, string, string];
    const name = clusterName(host, file.object.namespace);
    if (!name || host === "localhost" || /^[\d.]+$/.test(host)) return;
    const found = mesh.service(name.name, name.namespace);
    if (
        found.status === "missing" &&
        (mesh.namespace(name.namespace) || host.endsWith(".svc") || host.endsWith(".local"))
    )
        yield inside(
            file,
            target,
            `there is no Service ${name.namespace}/${name.name}: nothing is scraped`,
            found.suggestion ? `write ${found.suggestion}` : "correct the name",
        );
    if (
        found.status !== "service" ||
        !found.service.portsKnown ||
        found.service.root.get("spec", "clusterIP").value === "None"
    )
        return;
    const ports = found.service.ports.map(({ number }) => number);
    if (ports.length > 0 && !ports.includes(Number(port)))
        yield inside(
            file,
            target,
            `${found.service.id} has no port ${port} (but ${list(ports.map(String))})`,
            `write ${list(ports.map(String)).replace(" and ", " or ")}`,
        );
}

/** A ServiceMonitor or PodMonitor of the Prometheus operator. */
function* checkMonitor(mesh: Mesh, monitor: MeshObject): Iterable<Finding> {
    const spec = monitor.root.get("spec");
    const isService = monitor.kind === "ServiceMonitor";
    const names = spec
        .get("namespaceSelector", "matchNames")
        .items()
        .map((item) => item.value);
    const everywhere = spec.get("namespaceSelector", "any").value === true;
    if (spec.isUnknown || !isKnown(monitor.namespace)) return;
    const own = (namespace: unknown): boolean =>
        everywhere || (names.length > 0 ? names.includes(namespace) : namespace === monitor.namespace);
    const pool: readonly MeshObject[] = (isService ? mesh.services : mesh.workloads).filter(({ namespace }) =>
        own(namespace),
    );
    if (
        pool.length === 0 &&
        (mesh.isPartial
            ? names.some((name) => mesh.isOpaque(name as string)) || mesh.isOpaque(monitor.namespace)
            : true)
    )
        return;
    const labelsOf = (object: MeshObject) =>
        isService
            ? object.root.get("metadata", "labels")
            : (object as Mesh["workloads"][number]).template.get("metadata", "labels");
    const selected = pool.filter((object) => {
        const field = labelsOf(object);
        const labels = field.isUnknown
            ? UNKNOWN
            : Object.fromEntries(field.keys().map((key) => [key, String(field.get(key).value)]));
        return matchesSelector(spec.get("selector"), labels) !== "no";
    });
    if (selected.length === 0 && everywhere && mesh.isPartial) return;
    if (selected.length === 0) {
        yield at(
            monitor,
            spec.get("selector"),
            `it selects no ${isService ? "Service" : "pods"}: nothing is scraped`,
            `write labels that the ${isService ? "Service itself" : "pods"} carries`,
        );
        return;
    }
    for (const endpoint of spec.get(isService ? "endpoints" : "podMetricsEndpoints").items()) {
        const port = endpoint.get("port").text();
        if (!isKnown(port)) continue;
        const known: Maybe<string>[] = selected.flatMap((object) => {
            if (object instanceof Service) return object.ports.map(({ name }) => name);
            const { ports } = object as Workload;
            return ports === UNKNOWN ? [UNKNOWN] : ports.map(({ name }) => name);
        });
        if (known.includes(UNKNOWN) || known.includes(port)) continue;
        yield at(
            monitor,
            endpoint.get("port"),
            `none of what it selects has a port named "${port}" (but ${list(known.map(String))}): nothing is scraped`,
            "name the port by its name",
        );
    }
}

/** Istio's standard metrics and their labels. */
const METRICS =
    "istio_requests_total istio_request_duration_milliseconds istio_request_bytes istio_response_bytes istio_request_messages_total istio_response_messages_total istio_tcp_sent_bytes_total istio_tcp_received_bytes_total istio_tcp_connections_opened_total istio_tcp_connections_closed_total istio_agent_pilot_xds istio_build".split(
        " ",
    );
const LABELS =
    "reporter source_workload source_workload_namespace source_principal source_app source_version source_cluster source_canonical_service source_canonical_revision destination_workload destination_workload_namespace destination_principal destination_app destination_version destination_service destination_service_name destination_service_namespace destination_cluster destination_canonical_service destination_canonical_revision destination_port request_protocol response_code response_flags grpc_response_status connection_security_policy le namespace pod instance job app version".split(
        " ",
    );
const FUNCTIONS =
    "abs absent absent_over_time acos acosh asin asinh atan atanh avg_over_time ceil changes clamp clamp_max clamp_min cos cosh count_over_time day_of_month day_of_week day_of_year days_in_month deg delta deriv exp floor histogram_avg histogram_count histogram_fraction histogram_quantile histogram_stddev histogram_stdvar histogram_sum holt_winters hour idelta increase info irate label_join label_replace last_over_time ln log10 log2 mad_over_time max_over_time min_over_time minute month pi predict_linear present_over_time quantile_over_time rad rate resets round scalar sgn sin sinh sort sort_by_label sort_by_label_desc sort_desc sqrt stddev_over_time stdvar_over_time sum_over_time tan tanh time timestamp vector year double_exponential_smoothing sum min max avg group stddev stdvar count count_values bottomk topk quantile limitk limit_ratio by without on ignoring group_left group_right and or unless bool offset atan2".split(
        " ",
    );

export const prometheusRule: Rule = {
    id: "prometheus-rule",
    title: "Alerts and recordings ask for metrics and labels that Istio has, in expressions that Prometheus takes",
    reason: "An alert on a metric that nobody writes never fires.",
    fix: "Use the names of Istio's standard metrics, and mend the expression.",
    severity: "high",
    enforcement: "mandatory",
    sources: [
        "https://istio.io/latest/docs/reference/config/metrics/",
        "https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/",
    ],
    *check(mesh) {
        for (const file of monitoringFiles(mesh).filter(({ kind }) => kind === "rules")) {
            if (!file.root) {
                yield inside(file, "", `this is no YAML (${file.error})`, "correct it");
                continue;
            }
            const groups = new Set<unknown>();
            for (const group of file.root.get("groups").items()) {
                const name = group.get("name");
                if (groups.has(name.value))
                    yield inside(
                        file,
                        name,
                        `two groups are named "${String(name.value)}": the rules are refused`,
                        "rename one",
                    );
                groups.add(name.value);
                for (const rule of group.get("rules").items()) yield* checkRule(file, rule);
            }
        }
    },
};

function* checkRule(file: MonitoringFile, rule: Field): Iterable<Finding> {
    yield* unknownKeys(file, rule, RULE_KEYS);
    for (const key of ["for", "keep_firing_for"])
        if (rule.get(key).isSet && !isDuration(rule.get(key).value))
            yield inside(
                file,
                rule.get(key),
                `"${String(rule.get(key).value)}" is no duration: the rules are refused`,
                "write 5m",
            );
    const expr = rule.get("expr").text();
    if (!rule.get("expr").isSet) yield inside(file, rule, "the rule has no expr: the rules are refused", "add expr");
    if (!isKnown(expr)) return;
    const bare = expr.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '""').replaceAll(/#.*$/gm, "");
    for (const [open, close] of ["()", "[]", "{}"])
        if (bare.split(open as string).length !== bare.split(close as string).length) {
            yield inside(
                file,
                rule.get("expr"),
                `there is not a ${close} for every ${open}: the rules are refused`,
                "mend the expression",
            );
            return;
        }
    for (const [metric] of bare.matchAll(/\b(istio_[a-z_]+|envoy_[a-z0-9_]+|pilot_[a-z_]+)\b/g)) {
        const known = metric.replace(/_(bucket|sum|count)$/, "");
        if (!metric.startsWith("istio_") || METRICS.includes(metric) || METRICS.includes(known) || metric.includes(":"))
            continue;
        if (bare.includes(`${metric}:`) || bare.includes(`:${metric}`)) continue;
        const near =
            closest(metric, METRICS) ?? METRICS.find((one) => one.startsWith(metric) || metric.startsWith(one));
        if (near)
            yield inside(
                file,
                rule.get("expr"),
                `Istio has no metric ${metric}: the expression is always empty`,
                `write ${near}`,
            );
    }
    for (const [, selector = ""] of bare.matchAll(/\bistio_[a-z_]+\{([^}]*)\}/g))
        for (const [, label = ""] of selector.matchAll(/([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)/g))
            yield* checkLabel(file, rule, label);
    if (/\bistio_/.test(bare))
        for (const [, names = ""] of bare.matchAll(/\b(?:by|on|without|ignoring)\s*\(([^)]*)\)/g))
            for (const label of names.split(",").map((one) => one.trim())) yield* checkLabel(file, rule, label);
    for (const [, name = ""] of bare.matchAll(/\b([a-z_][a-z0-9_]*)\s*\(/g)) {
        if (FUNCTIONS.includes(name)) continue;
        yield inside(
            file,
            rule.get("expr"),
            `Prometheus has no function ${name}: the rules are refused`,
            `write ${closest(name, FUNCTIONS) ?? "a function of PromQL"}`,
        );
    }
    for (const [, name, range] of bare.matchAll(
        /\b(rate|irate|increase|delta|idelta|deriv|\w+_over_time)\s*\(\s*[a-zA-Z_:][\w:]*(?:\{[^}]*\})?\s*(\[)?/g,
    ))
        if (!range)
            yield inside(
                file,
                rule.get("expr"),
                `${name} needs a range: the rules are refused`,
                `write ${name}(...[5m])`,
            );
    for (const [, range = ""] of bare.matchAll(/\[([^\]:]*)(?::[^\]]*)?\]/g))
        if (!isDuration(range.trim()) && !range.includes("$"))
            yield inside(file, rule.get("expr"), `[${range}] is no range: the rules are refused`, "write [5m]");
    if (
        /histogram_quantile\s*\(/.test(bare) &&
        /\bby\s*\(/.test(bare) &&
        !/\bby\s*\([^)]*\ble\b[^)]*\)/.test(bare) &&
        /_bucket/.test(bare)
    )
        yield inside(
            file,
            rule.get("expr"),
            "histogram_quantile needs the label le, which the sum drops: the expression is always empty",
            "write by (le, ...)",
        );
    const quantile = /histogram_quantile\s*\(\s*([\d.]+)/.exec(bare);
    if (quantile && Number(quantile[1]) > 1)
        yield inside(
            file,
            rule.get("expr"),
            `a quantile lies from 0 to 1, ${quantile[1]} gives +Inf`,
            `write ${Number(quantile[1]) / 100}`,
        );
    if (/histogram_quantile\s*\(/.test(bare) && /istio_request_duration_milliseconds(?!_bucket)\b/.test(bare))
        yield inside(
            file,
            rule.get("expr"),
            "histogram_quantile needs the buckets of the metric",
            "write istio_request_duration_milliseconds_bucket",
        );
    for (const text of [
        ...rule
            .get("annotations")
            .keys()
            .map((key) => rule.get("annotations", key)),
        ...rule
            .get("labels")
            .keys()
            .map((key) => rule.get("labels", key)),
    ]) {
        const value = text.text();
        if (!isKnown(value)) continue;
        if (value.split("{{").length !== value.split("}}").length)
            yield inside(file, text, "there is not a }} for every {{: the rules are refused", "mend the template");
        const wrong = /\{\{\s*\$(label|val|values|annotations)\b/.exec(value);
        if (wrong)
            yield inside(
                file,
                text,
                `templates have no $${wrong[1]}: the rules are refused`,
                "write $labels or $value",
            );
    }
}

function* checkLabel(file: MonitoringFile, rule: Field, label: string): Iterable<Finding> {
    if (label === "" || LABELS.includes(label)) return;
    const near = closest(
        label,
        LABELS.filter((one) => one.length > 4),
    );
    if (near)
        yield inside(
            file,
            rule.get("expr"),
            `Istio's metrics have no label ${label}: the expression is always empty`,
            `write ${near}`,
        );
}
