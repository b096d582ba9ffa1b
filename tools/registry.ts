import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EnvHttpProxyAgent, request } from "undici";
import { cacheDirectory, writeAtomically } from "./cache";

/** Time after which a registry that does not answer counts as unreachable, in milliseconds. */
const patience = 2_000;

/** For how long an answer is remembered, in milliseconds. */
const memory = 10 * 60_000;

interface Answer {
    reachable: boolean;
    at: number;
}

/**
 * Whether an image registry can be reached from this machine, decided within two seconds and remembered for ten minutes.
 * @param registry Host with optional port, as in an image's name: `docker.io`, `registry.k8s.io`, `mirror.example:5000`.
 */
export async function reachable(
    registry: string,
    probe: (url: string) => Promise<boolean> = answers,
): Promise<boolean> {
    const file = join(cacheDirectory(), "registries", `${registry.replaceAll(/[^\w.-]/g, "_")}.json`);
    const known = remembered(file);
    if (known !== undefined) return known;
    const result = await probe(`https://${endpoint(registry)}/v2/`);
    try {
        writeAtomically(file, JSON.stringify({ reachable: result, at: Date.now() } satisfies Answer));
    } catch {
        // A cache that cannot be written only costs the time of the next probe.
    }
    return result;
}

/** The host that serves a registry's API: Docker Hub's differs from its name. */
export function endpoint(registry: string): string {
    return registry === "docker.io" || registry === "index.docker.io" ? "registry-1.docker.io" : registry;
}

/** Whether a registry answers its API's first question: 200, or 401 with the way to a token. */
async function answers(url: string): Promise<boolean> {
    try {
        const response = await request(url, {
            dispatcher: usesProxy() ? new EnvHttpProxyAgent() : undefined,
            signal: AbortSignal.timeout(patience),
        });
        await response.body.dump();
        return response.statusCode === 200 || (response.statusCode === 401 && "www-authenticate" in response.headers);
    } catch {
        return false;
    }
}

function usesProxy(): boolean {
    return ["https_proxy", "HTTPS_PROXY"].some((name) => Boolean(process.env[name]));
}

function remembered(file: string): boolean | undefined {
    try {
        const answer = JSON.parse(readFileSync(file, "utf8")) as Answer;
        return Date.now() - answer.at < memory ? answer.reachable : undefined;
    } catch {
        return undefined;
    }
}
