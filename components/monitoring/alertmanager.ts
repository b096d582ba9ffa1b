import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { AlertmanagerConfig } from "../config/monitoring/alertmanager";
import { ALERTMANAGER } from "../config/monitoring/prometheus";
import { unprivileged } from "../pods";
import { configFolder, secretKeys } from "./alertmanager-config";
import type { AlertmanagerSettings } from "./alertmanager-settings";
import { MONITORING_USER, publishedAt, toolLabels, toolMetadata } from "./layout";
import { digestOf, toolDeployment } from "./tool-deployment";
import { dataClaims, dataVolume } from "./volumes";

/** What sends alerts on. */
export interface AlertmanagerArgs {
    /** The stack's configuration under `istio-platform:monitoring.alertmanager`. */
    config: AlertmanagerConfig;
    /** Its settings, and the secrets that they name. */
    settings: AlertmanagerSettings;
    /** Namespace of the monitoring. */
    namespace: string;
    /**
     * Where people find it, for the links that it writes (S1).
     * @default nowhere
     */
    externalUrl?: string;
}

const { name, port } = ALERTMANAGER;

/** Secret of the settings (E13). */
const SECRET = "alertmanager-config";

/** Deployment of Alertmanager: one pod, as the e-Government guide has it. */
export function alertmanagerDeployment(
    { config, namespace, externalUrl }: Omit<AlertmanagerArgs, "settings">,
    digest: pulumi.Input<string>,
) {
    const health = (path: string) => ({ httpGet: { path: `/-/${path}`, port: "http" } });
    const container = {
        name,
        image: config.image,
        imagePullPolicy: "IfNotPresent",
        args: [
            `--config.file=${configFolder}/${secretKeys.config}`,
            "--storage.path=/alertmanager",
            `--data.retention=${config.retention}`,
            ...(externalUrl ? publishedAt(externalUrl) : []),
            // One pod: it looks for no others.
            "--cluster.listen-address=",
        ],
        ports: [{ name: "http", containerPort: port }],
        startupProbe: { ...health("ready"), periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 60 },
        readinessProbe: { ...health("ready"), periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 },
        livenessProbe: { ...health("healthy"), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
        resources: config.resources,
        securityContext: unprivileged(MONITORING_USER),
        volumeMounts: [
            { name: "settings", mountPath: configFolder, readOnly: true },
            { name: "data", mountPath: "/alertmanager" },
        ],
    };
    return toolDeployment({
        ...{ name, namespace, digest, container },
        volumes: [
            { name: "settings", secret: { secretName: SECRET } },
            dataVolume({ tool: name, config: config.volume }),
        ],
        pod: { automountServiceAccountToken: false, securityContext: { fsGroup: MONITORING_USER } },
    });
}

/** Alertmanager (E13): what it does with an alert stands in its Secret. */
export class Alertmanager extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(resource: string, args: AlertmanagerArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:monitoring:Alertmanager", resource, {}, opts);
        const { config, namespace, settings } = args;
        const own = { parent: this };
        const metadata = toolMetadata(name, namespace);
        const account = new k8s.core.v1.ServiceAccount(name, { metadata }, own);
        const files = pulumi.secret(settings.files);
        const secret = new k8s.core.v1.Secret(
            SECRET,
            { metadata: { ...metadata, name: SECRET }, stringData: files },
            own,
        );
        const service = new k8s.core.v1.Service(
            name,
            { metadata, spec: { selector: toolLabels(name), ports: [{ name: "http", port, targetPort: "http" }] } },
            own,
        );
        const claims = dataClaims({ tool: name, namespace, config: config.volume }, own);
        // A digest of the settings tells nobody what they are.
        const digest = pulumi.unsecret(files.apply((texts) => digestOf(JSON.stringify(texts))));
        const deployment = new k8s.apps.v1.Deployment(name, alertmanagerDeployment(args, digest), {
            parent: this,
            dependsOn: [account, secret, ...claims],
        });
        this.resources = [account, secret, service, ...claims, deployment];
        this.registerOutputs({});
    }
}
