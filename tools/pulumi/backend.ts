import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { stagingName, toolsDirectory } from "../cache";
import type { PulumiInstallation } from "../pulumi";
import { pulumiHome } from "./official";

const projectDirectory = dirname(toolsDirectory);

/** Pulumi's record of where the user is logged in. */
const CREDENTIALS = z.object({ current: z.string().optional() });

/**
 * Completes an installation's environment with a place for the state: what the user has chosen, by PULUMI_BACKEND_URL or
 * `pulumi login`, else a folder of this clone, with a passphrase of its own beside it.
 */
export function withLocalBackend(
    installation: PulumiInstallation,
    env: NodeJS.ProcessEnv = process.env,
    project: string = projectDirectory,
): PulumiInstallation {
    return { ...installation, env: { ...installation.env, ...backendEnvironment(env, project) } };
}

/** The variables that tell Pulumi where the state is and how its secrets are encrypted. */
export function backendEnvironment(env: NodeJS.ProcessEnv, project: string): Record<string, string> {
    if (env.PULUMI_BACKEND_URL) return {};
    const home = pulumiHome(env);
    if (isLoggedIn(join(env.PULUMI_CREDENTIALS_PATH || home, "credentials.json")))
        return env.PULUMI_CREDENTIALS_PATH ? {} : { PULUMI_CREDENTIALS_PATH: home };
    const state = join(project, ".local", "pulumi");
    mkdirSync(state, { recursive: true });
    return {
        PULUMI_BACKEND_URL: pathToFileURL(state).href,
        // Every step of an update is written atomically; the copy of the previous step would double the writing.
        PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
        ...(env.PULUMI_CONFIG_PASSPHRASE !== undefined || env.PULUMI_CONFIG_PASSPHRASE_FILE
            ? {}
            : { PULUMI_CONFIG_PASSPHRASE_FILE: ensurePassphrase(join(project, ".local", "pulumi-passphrase")) }),
    };
}

function isLoggedIn(credentials: string): boolean {
    try {
        return Boolean(CREDENTIALS.parse(JSON.parse(readFileSync(credentials, "utf8"))).current);
    } catch {
        return false;
    }
}

/** Makes a file with a random passphrase, readable by its owner only, unless it is there. Returns its path. */
function ensurePassphrase(file: string): string {
    if (existsSync(file)) return file;
    const staged = stagingName(file);
    writeFileSync(staged, randomBytes(32).toString("base64url"), { mode: 0o600 });
    try {
        linkSync(staged, file);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
        rmSync(staged, { force: true });
    }
    return file;
}
