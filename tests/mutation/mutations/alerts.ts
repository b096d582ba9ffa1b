import { parse, stringify } from "yaml";
import type { AlertmanagerConfig } from "../../../components/monitoring/alertmanager-config";
import { apiVersionOf, type PlainObject } from "../cluster/api";
import type { Changes } from "../cluster/changes";
import type { Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { inPods, isReady } from "./look";

/** Mistakes on the way from a rule to whoever is told. */

export type Told = Pick<Mutation, "name" | "ids" | "description" | "suite" | "mayRed"> & { expectRed: CheckSet };

/** What a pod has mounted. */
interface Volume {
    name: string;
    configMap?: { name: string };
    secret?: { secretName: string };
}

/** Where a tool of the monitoring has its files from: the name of a volume of its Deployment. */
const sources = {
    rules: { app: "prometheus", volume: "rules", kind: "ConfigMap" },
    settings: { app: "prometheus", volume: "settings", kind: "ConfigMap" },
    receivers: { app: "alertmanager", volume: "settings", kind: "Secret" },
} as const;

/** Files of the monitoring. */
export type AlertFiles = keyof typeof sources;

/** What a mutation does to files, for those who have no cluster: name of the mutation -> which files, and the change. */
export const fileChanges = new Map<string, { which: AlertFiles; change(files: Record<string, string>): void }>();

const sourceName = ({ configMap, secret }: Volume) => configMap?.name ?? secret?.secretName ?? "";

/**
 * Gives a tool other files: as a copy that is changed, since the kubelet takes its time to bring a changed file to a running
 * pod. Another mutation that is made at the same time changes the copy's copy.
 */
export function otherFiles(
    which: AlertFiles,
    mutation: Told,
    change: (files: Record<string, string>) => void,
    needs: Mutation["needs"] = [],
): Mutation {
    const { app, volume, kind } = sources[which];
    fileChanges.set(mutation.name, { which, change });
    const copy = mutation.name;
    const namespaceOf = ({ config }: Mesh) => config.egov.namespaces.monitoring;
    const apply = async (changes: Changes, mesh: Mesh) => {
        const namespace = namespaceOf(mesh);
        const deployment = { kind: "Deployment", namespace, name: app } as const;
        const { template } = (await mesh.api.get(deployment))!.spec as { template: PlainObject };
        const mounted = (template.spec.volumes as Volume[]).find(({ name }) => name === volume)!;
        const original = (await mesh.api.get({ kind, namespace, name: sourceName(mounted) }))!;
        const data = original["data"] as Record<string, string>;
        const files = kind === "Secret" ? mapValues(data, decoded) : { ...data };
        change(files);
        await changes.create({
            apiVersion: apiVersionOf(kind),
            kind,
            metadata: { name: copy, namespace },
            data: kind === "Secret" ? mapValues(files, encoded) : files,
        });
        await changes.edit(deployment, ({ spec }) => {
            for (const own of spec.template.spec.volumes as Volume[]) {
                if (own.name !== volume) continue;
                if (own.configMap) own.configMap.name = copy;
                if (own.secret) own.secret.secretName = copy;
            }
        });
    };
    return {
        ...mutation,
        needs: ["monitoring", ...needs],
        apply,
        traces: async (mesh) => {
            const namespace = namespaceOf(mesh);
            const deployment = await mesh.api.get({ kind: "Deployment", namespace, name: app });
            const isThere = (await mesh.api.get({ kind, namespace, name: copy })) !== undefined;
            // A pod that another mutation has replaced in turn shows the copy's copy.
            const current = (deployment!.spec.template.spec.volumes as Volume[]).map(sourceName).join();
            const pods = await inPods(
                mesh,
                namespace,
                app,
                (pod) => isReady(pod) && (pod.spec.volumes as Volume[]).map(sourceName).join().startsWith(current),
            );
            return isThere ? pods.map((ready) => ready && pods.length === 1) : [false];
        },
    };
}

const mapValues = (values: Readonly<Record<string, string>>, change: (text: string) => string) =>
    Object.fromEntries(Object.entries(values).map(([key, text]) => [key, change(text)]));
const decoded = (text: string) => Buffer.from(text, "base64").toString("utf8");
const encoded = (text: string) => Buffer.from(text, "utf8").toString("base64");

/** Changes Alertmanager's configuration. */
function receivers(
    mutation: Told,
    change: (config: Mutable<AlertmanagerConfig>) => void,
    needs?: Mutation["needs"],
): Mutation {
    const file = "alertmanager.yaml";
    return otherFiles(
        "receivers",
        mutation,
        (files) => {
            const config = parse(files[file]!) as Mutable<AlertmanagerConfig>;
            change(config);
            files[file] = stringify(config);
        },
        needs,
    );
}

/** A configuration that may be changed. */
type Mutable<T> = T extends readonly (infer Item)[]
    ? Mutable<Item>[]
    : T extends object
      ? { -readonly [Key in keyof T]: Mutable<T[Key]> }
      : T;

const slackOf = (config: Mutable<AlertmanagerConfig>) =>
    (
        config.receivers.find(({ name }) => name === "slack-notifications")!["slack_configs"] as Record<
            string,
            unknown
        >[]
    )[0]!;

/** The specs of the suite `alerts` that provoke one alert each. */
const provoked = ["egov-circuit-breaker", "error-rate", "latency", "pod-down", "overflow"].map(
    (name) => `alert-${name}`,
);
const every = ["pending", "fired", "resolved"];

/** Rules as Prometheus reads them from a file. */
interface RuleFile {
    groups: { rules: { alert?: string; expr: string; labels?: Record<string, string> }[] }[];
}

/** Changes the alerts of a name in every rule file. */
function alertRules(
    mutation: Told,
    name: string,
    change: (rule: RuleFile["groups"][number]["rules"][number]) => void,
    needs?: Mutation["needs"],
): Mutation {
    return otherFiles(
        "rules",
        mutation,
        (files) => {
            for (const [file, text] of Object.entries(files)) {
                const content = parse(text) as RuleFile;
                for (const { rules } of content.groups) for (const rule of rules) if (rule.alert === name) change(rule);
                files[file] = stringify(content);
            }
        },
        needs,
    );
}

const empty = (files: Record<string, string>) => {
    for (const file of Object.keys(files)) delete files[file];
};

export const alerts: readonly Mutation[] = [
    alertRules(
        {
            name: "alerts-rule-label",
            ids: ["E12", "C16"],
            description: "CircuitBreakerOpen has a severity that no branch of Alertmanager knows.",
            expectRed: { "alert-rules": ["alerts"] },
        },
        "CircuitBreakerOpen",
        ({ labels }) => {
            labels!["severity"] = "critcal";
        },
    ),
    otherFiles(
        "settings",
        {
            name: "alerts-alertmanager-unknown",
            ids: ["E11", "E13"],
            description: "Prometheus knows no Alertmanager.",
            expectRed: { "alert-rules": ["alertmanager"] },
        },
        (files) => {
            const file = "prometheus.yml";
            const settings = parse(files[file]!) as Record<string, unknown>;
            delete settings["alerting"];
            files[file] = stringify(settings);
        },
    ),
    receivers(
        {
            name: "alerts-wrong-channel",
            ids: ["E13", "E14"],
            description: "Slack's messages go to another channel.",
            expectRed: { "alert-receivers": ["slack"], "alert-delivery": ["fired", "warning", "resolved"] },
        },
        (config) => {
            slackOf(config)["channel"] = "#random";
        },
    ),
    otherFiles(
        "rules",
        {
            name: "alerts-rules-not-mounted",
            ids: ["E11", "E12", "C15", "C16"],
            description: "The rule files are not where Prometheus looks for them.",
            expectRed: { "alert-rules": ["alerts", "signals", "evaluated"] },
            // The service overview is made of recorded series; those of the time before are still within its windows.
            mayRed: { dashboards: ["services"] },
        },
        empty,
    ),
    receivers(
        {
            name: "alerts-receiver-missing",
            ids: ["C16"],
            description: "Alertmanager has no PagerDuty: what is critical wakes nobody.",
            expectRed: { "alert-receivers": ["severities"], "alert-delivery": ["critical"] },
        },
        (config) => {
            config.receivers = config.receivers.filter(({ name }) => name !== "pagerduty-critical");
            config.route.routes = config.route.routes.filter(({ receiver }) => receiver !== "pagerduty-critical");
        },
        ["pagerduty"],
    ),
    receivers(
        {
            name: "alerts-end-not-told",
            ids: ["E13", "E14"],
            description: "Slack is not told when an alert ends.",
            expectRed: { "alert-receivers": ["slack"], "alert-delivery": ["resolved"] },
        },
        (config) => {
            slackOf(config)["send_resolved"] = false;
        },
    ),
    receivers(
        {
            name: "alerts-group-wait-long",
            ids: ["E13", "E14", "C16"],
            description: "Alertmanager waits five minutes for more alerts of a group.",
            expectRed: {
                "alert-receivers": ["grouping"],
                "alert-delivery": ["fired", "critical", "warning", "resolved"],
            },
        },
        (config) => {
            config.route.group_wait = "5m";
        },
    ),
    otherFiles(
        "rules",
        {
            name: "alerts-no-rules",
            suite: "alerts",
            ids: ["E12", "C15", "C16"],
            description: "Prometheus has no rule: nothing is recorded and nobody is told, whatever happens.",
            expectRed: {
                ...Object.fromEntries(provoked.map((spec) => [spec, every])),
                "golden-signals": ["traffic", "errors", "latency", "saturation"],
            },
        },
        empty,
        ["short-alerts"],
    ),
    alertRules(
        {
            name: "alerts-always",
            suite: "alerts",
            ids: ["C16"],
            description: "HighErrorRate fires whether there are errors or not.",
            expectRed: { "alerts-quiet": ["quiet"], "alert-error-rate": every },
        },
        "HighErrorRate",
        (rule) => {
            // Every service that is asked at all.
            rule.expr = rule.expr.replace(/^.* \/ /, "").replace(/ > [\d.]+$/, " >= 0");
        },
        ["short-alerts"],
    ),
];
