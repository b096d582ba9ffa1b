import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { RECORDER } from "../config/monitoring/receivers";
import { unprivileged } from "../pods";
import type { RecorderAddresses } from "./alertmanager-config";
import { toolLabels, toolMetadata } from "./layout";

/** What stands for Slack, PagerDuty and a mail server in a test environment. */
export interface MessageRecorderArgs {
    /** Image of the sample app, of which the recorder is a mode. */
    image: string;
    /** Namespace of the monitoring. */
    namespace: string;
}

const { name, port, smtpPort } = RECORDER;

/** User of the container, as the sample app has it. */
const CONTAINER_USER = 65532;

/** Where Alertmanager sends everything to. */
export function recorderAddresses(namespace: string): RecorderAddresses {
    const host = `${name}.${namespace}`;
    return {
        slack: `http://${host}:${port}/slack`,
        pagerduty: `http://${host}:${port}/pagerduty`,
        smtp: `${host}:${smtpPort}`,
    };
}

/** Deployment of the recorder: one pod, which remembers in memory. */
export function recorderDeployment({ image, namespace }: MessageRecorderArgs) {
    const labels = toolLabels(name);
    const health = { httpGet: { path: "/health", port: "http" } };
    const container = {
        name,
        image,
        imagePullPolicy: "IfNotPresent",
        args: ["recorder", `-listen=:${port}`, `-smtp-listen=:${smtpPort}`],
        ports: [
            { name: "http", containerPort: port },
            { name: "smtp", containerPort: smtpPort },
        ],
        startupProbe: { ...health, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 60 },
        readinessProbe: { ...health, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 },
        livenessProbe: { ...health, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
        resources: { requests: { cpu: "10m", memory: "48Mi" }, limits: { memory: "128Mi" } },
        securityContext: unprivileged(CONTAINER_USER),
    };
    return {
        metadata: toolMetadata(name, namespace),
        spec: {
            replicas: 1,
            selector: { matchLabels: labels },
            // Never two of them, between which the messages would be shared out.
            strategy: { type: "Recreate" },
            template: {
                metadata: { labels },
                spec: {
                    serviceAccountName: name,
                    automountServiceAccountToken: false,
                    enableServiceLinks: false,
                    containers: [container],
                },
            },
        },
    };
}

/** Remembers what Slack, PagerDuty and the mail server would get (E13, E14, C16). */
export class MessageRecorder extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(resource: string, args: MessageRecorderArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:monitoring:MessageRecorder", resource, {}, opts);
        const own = { parent: this };
        const metadata = toolMetadata(name, args.namespace);
        const account = new k8s.core.v1.ServiceAccount(name, { metadata }, own);
        const ports = [
            { name: "http", port, targetPort: "http" },
            { name: "smtp", port: smtpPort, targetPort: "smtp" },
        ];
        const service = new k8s.core.v1.Service(name, { metadata, spec: { selector: toolLabels(name), ports } }, own);
        const deployment = new k8s.apps.v1.Deployment(name, recorderDeployment(args), {
            parent: this,
            dependsOn: [account],
        });
        this.resources = [account, service, deployment];
        this.registerOutputs({});
    }
}
