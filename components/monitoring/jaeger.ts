import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { JAEGER, JAEGER_PATH, type TracingConfig } from "../config/monitoring/tracing";
import { unprivileged } from "../pods";
import { MONITORING_USER, toolLabels, toolMetadata } from "./layout";
import { digestOf, toolDeployment } from "./tool-deployment";

/** What keeps traces. */
export interface JaegerArgs {
    /** The stack's configuration under `istio-platform:monitoring.tracing`. */
    config: TracingConfig;
    /** Namespace of the monitoring. */
    namespace: string;
}

const { name } = JAEGER;

/** Port at which it tells its health. */
const HEALTH_PORT = 13133;

/** Where its settings are mounted. */
const SETTINGS = { directory: "/etc/jaeger", file: "jaeger.yaml" } as const;

/** Jaeger's settings: an OpenTelemetry collector that takes OTLP, and the API over what it keeps. */
export function jaegerSettings({ maxTraces }: TracingConfig) {
    const everywhere = (port: number) => ({ endpoint: `0.0.0.0:${port}` });
    return {
        service: {
            extensions: ["jaeger_storage", "jaeger_query", "healthcheckv2"],
            pipelines: {
                traces: { receivers: ["otlp"], processors: ["batch"], exporters: ["jaeger_storage_exporter"] },
            },
            telemetry: { logs: { level: "warn" }, metrics: { level: "none" } },
        },
        extensions: {
            jaeger_storage: { backends: { traces: { memory: { max_traces: maxTraces } } } },
            jaeger_query: {
                storage: { traces: "traces" },
                base_path: JAEGER_PATH,
                http: everywhere(JAEGER.query),
            },
            healthcheckv2: { use_v2: true, http: everywhere(HEALTH_PORT) },
        },
        receivers: {
            otlp: { protocols: { grpc: everywhere(JAEGER.spans), http: everywhere(JAEGER.spansHttp) } },
        },
        processors: { batch: { timeout: "200ms" } },
        exporters: { jaeger_storage_exporter: { trace_storage: "traces" } },
    };
}

/** The settings as a file: JSON, which is YAML. */
const settingsText = (config: TracingConfig) => `${JSON.stringify(jaegerSettings(config), undefined, 2)}\n`;

/** Deployment of Jaeger: one pod, since what it keeps is in its memory. */
export function jaegerDeployment({ config, namespace }: JaegerArgs) {
    const health = { httpGet: { path: "/status", port: "health" } };
    const container = {
        name,
        image: config.image,
        imagePullPolicy: "IfNotPresent",
        args: ["--config", `${SETTINGS.directory}/${SETTINGS.file}`],
        ports: [
            { name: "spans", containerPort: JAEGER.spans },
            { name: "spans-http", containerPort: JAEGER.spansHttp },
            { name: "query", containerPort: JAEGER.query },
            { name: "health", containerPort: HEALTH_PORT },
        ],
        startupProbe: { ...health, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 60 },
        readinessProbe: { ...health, periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 2 },
        livenessProbe: { ...health, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
        resources: config.resources,
        securityContext: unprivileged(MONITORING_USER),
        volumeMounts: [{ name: "settings", mountPath: SETTINGS.directory, readOnly: true }],
    };
    return toolDeployment({
        ...{ name, namespace, container },
        digest: digestOf(settingsText(config)),
        volumes: [{ name: "settings", configMap: { name } }],
        pod: { automountServiceAccountToken: false },
    });
}

/** The Service. The names of the ports tell the proxies the protocols. */
export function jaegerService({ namespace }: Pick<JaegerArgs, "namespace">) {
    return {
        metadata: toolMetadata(name, namespace),
        spec: {
            selector: toolLabels(name),
            ports: [
                { name: "grpc-spans", port: JAEGER.spans, targetPort: "spans", appProtocol: "grpc" },
                { name: "http-spans", port: JAEGER.spansHttp, targetPort: "spans-http", appProtocol: "http" },
                { name: "http-query", port: JAEGER.query, targetPort: "query", appProtocol: "http" },
            ],
        },
    };
}

/** Jaeger (E16): takes the proxies' spans, keeps the newest traces in memory and answers questions about them. */
export class Jaeger extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(resource: string, args: JaegerArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:monitoring:Jaeger", resource, {}, opts);
        const { config, namespace } = args;
        const own = { parent: this };
        const metadata = toolMetadata(name, namespace);
        const account = new k8s.core.v1.ServiceAccount(name, { metadata }, own);
        const settings = new k8s.core.v1.ConfigMap(
            name,
            { metadata, data: { [SETTINGS.file]: settingsText(config) } },
            own,
        );
        const service = new k8s.core.v1.Service(name, jaegerService(args), own);
        const deployment = new k8s.apps.v1.Deployment(name, jaegerDeployment(args), {
            parent: this,
            dependsOn: [account, settings],
        });
        this.resources = [account, settings, service, deployment];
        this.registerOutputs({});
    }
}
