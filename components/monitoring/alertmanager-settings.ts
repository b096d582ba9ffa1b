import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { ReceiversConfig } from "../config/monitoring/receivers";
import { ALERTING_SECRETS, type AlertingSecret } from "../config/monitoring/secrets";
import { alertmanagerConfig, secretKeys, type RecorderAddresses } from "./alertmanager-config";

/** What the Secret `alertmanager-config` holds (E13): the configuration, and the secrets that it names as files beside it. */
export interface AlertmanagerSettings {
    /** Key of the Secret -> text. */
    readonly files: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * The files of the Secret. The secrets come from the stack's encrypted configuration and stay secret in its state.
 *
 * @param secrets Names of those that are there.
 * @param recorder Where everything goes instead, without any secret.
 * @throws pulumi.RunError when a secret is no text, or the webhook no URL; the message does not repeat it.
 */
export function alertmanagerSettings(
    config: ReceiversConfig,
    secrets: readonly AlertingSecret[],
    recorder?: RecorderAddresses,
): AlertmanagerSettings {
    const settings = stringify(alertmanagerConfig(config, recorder), { lineWidth: 0 });
    return { files: { [secretKeys.config]: settings, ...(recorder ? {} : secretFiles(secrets)) } };
}

function secretFiles(names: readonly AlertingSecret[]): Record<string, pulumi.Output<string>> {
    if (names.length === 0) return {};
    const values = new pulumi.Config().requireSecretObject<Record<string, unknown>>(ALERTING_SECRETS);
    return Object.fromEntries(names.map((name) => [secretKeys[name], values.apply((all) => checked(name, all[name]))]));
}

/** The secret, where it can be one. */
export function checked(name: AlertingSecret, value: unknown): string {
    const at = `${pulumi.getProject()}:${ALERTING_SECRETS}.${name}`;
    if (typeof value !== "string" || value.trim() === "")
        throw new pulumi.RunError(`${at}: must be a text that is not empty`);
    if (name === "slackWebhookUrl" && !/^https:\/\/\S+$/.test(value.trim()))
        throw new pulumi.RunError(`${at}: must be a URL that begins with "https://"`);
    return value.trim();
}
