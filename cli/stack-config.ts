import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { localDirectory, projectDirectory, Stack } from "./project";

/** What Pulumi itself writes into a stack's configuration file when it makes the stack: how secrets are encrypted. */
const encryptionKeys = ["secretsprovider", "encryptionsalt", "encryptedkey"] as const;

const directory = join(localDirectory, "config");
const encryptionFile = (stack: Stack) => join(directory, `${stack.name}.encryption.yaml`);

/**
 * Writes the configuration file that Pulumi is given: the stack's own file, and how this clone encrypts its secrets
 * unless the file says it. So a stack whose state lies in this clone leaves the committed file as it is.
 *
 * @param file Where it is written. Default: the stack's own place in this clone.
 * @returns Path of the file.
 */
export function writeWorkingConfig(stack: Stack, file = join(directory, `Pulumi.${stack.name}.yaml`)): string {
    const text = readFileSync(stack.configFile, "utf8");
    const encryption = hasEncryption(text) ? "" : readIfThere(encryptionFile(stack));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${text.trimEnd()}\n${encryption}`, { mode: 0o600 });
    return file;
}

/**
 * Makes a stack by a command that writes how secrets are encrypted into the project's own `Pulumi.<stack>.yaml`, then
 * keeps that in this clone's folder instead and puts the file back as it was.
 */
export async function keepingEncryption(stack: Stack, makeStack: () => Promise<void>): Promise<void> {
    const file = join(projectDirectory, `Pulumi.${stack.name}.yaml`);
    const before = existsSync(file) ? readFileSync(file, "utf8") : undefined;
    try {
        await makeStack();
        const written = (parse(readIfThere(file)) ?? {}) as Record<string, unknown>;
        const encryption = Object.fromEntries(
            encryptionKeys.flatMap((key) => (key in written ? [[key, written[key]]] : [])),
        );
        mkdirSync(directory, { recursive: true });
        if (Object.keys(encryption).length > 0)
            writeFileSync(encryptionFile(stack), stringify(encryption), { mode: 0o600 });
    } finally {
        if (before === undefined) rmSync(file, { force: true });
        else if (before !== readIfThere(file)) writeFileSync(file, before);
    }
}

function hasEncryption(text: string): boolean {
    const document = (parse(text) ?? {}) as Record<string, unknown>;
    return encryptionKeys.some((key) => key in document);
}

function readIfThere(file: string): string {
    return existsSync(file) ? readFileSync(file, "utf8") : "";
}
