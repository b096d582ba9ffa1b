import * as pulumi from "@pulumi/pulumi";
import { ALERTING_SECRETS } from "./monitoring/secrets";
import type { PlatformConfig } from "./platform";
import { validateConfig } from "./validate";

/**
 * The stack's configuration, validated and with every default filled in.
 *
 * @throws pulumi.RunError naming every problem at once, before any resource is registered: Pulumi shows the message
 * without a stack trace and ends with a non-zero exit code.
 */
export function loadConfig(): PlatformConfig {
    requireEncrypted(ALERTING_SECRETS);
    const result = validateConfig(stackConfig(), pulumi.getProject());
    if (!result.ok) throw new pulumi.RunError(result.message);
    return result.config;
}

/** Every value under the project's name, by its key without that name. Pulumi keeps structured values as JSON. */
function stackConfig(): Record<string, unknown> {
    const prefix = `${pulumi.getProject()}:`;
    return Object.fromEntries(
        Object.entries(pulumi.runtime.allConfig())
            .filter(([key]) => key.startsWith(prefix))
            .map(([key, text]) => [key.slice(prefix.length), parse(text)]),
    );
}

/** Refuses a secret that lies in the stack's file as everybody can read it. Pulumi tells programs which keys are encrypted. */
function requireEncrypted(name: string): void {
    const key = `${pulumi.getProject()}:${name}`;
    const told = process.env["PULUMI_CONFIG_SECRET_KEYS"];
    if (told === undefined || pulumi.runtime.allConfig()[key] === undefined) return;
    if (!(JSON.parse(told) as string[]).includes(key))
        throw new pulumi.RunError(
            `${key} is not encrypted: everybody who reads the stack's file reads the secrets. Take it out of the file, make new ` +
                `secrets, and set them by pulumi config set --secret --path ${name}.NAME VALUE.`,
        );
}

function parse(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return text; // A plain string: validation says what it should have been.
    }
}
