import os from "node:os";
import type { Calls } from "./calls";
import { parseDuration } from "./duration";
import { readEnvironmentFaults, type EnvironmentFaults } from "./environment-faults";
import { FlagError, lastValue, parseFlags } from "./flags";
import type { Forward } from "./forward";
import { businesses, type Business } from "./business";
import type { MessageRecorderOptions } from "./message-recorder";

/** What the server was told by its flags and its environment. */
export interface ServerOptions {
    /** Address to listen on; undefined means every address of the pod. */
    readonly host: string | undefined;
    /** TCP port; 0 lets the system choose (tests). */
    readonly port: number;
    /** Text of every answer, `{pod}` already replaced. Undefined when requests are forwarded. */
    readonly text: string | undefined;
    /** Status of every answer; http-echo's `-status-code`. */
    readonly status: number;
    /** Service whose answers are passed on instead of a text of its own (E7, C7, T3). */
    readonly forward: Forward | undefined;
    /** Services that are called first where a request asks for it (C7). */
    readonly calls: Calls;
    /** Milliseconds between SIGTERM and the moment when no new connection is accepted any more. */
    readonly grace: number;
    /** Answers 500 to everything but health: the error variant of requirement E2 (env FORCE_ERROR). */
    readonly forceError: boolean;
    /** Delays and errors that the environment asks for (T8, T11). */
    readonly faults: EnvironmentFaults;
    /** Where Prometheus finds what the service counts (C17); undefined: nothing is counted. */
    readonly metrics: { readonly host: string | undefined; readonly port: number } | undefined;
    /** What it counts about its business: env BUSINESS. */
    readonly business: Business | undefined;
    /** Name of the pod: env POD_NAME, else the host's name, which in a pod is the same. */
    readonly pod: string;
    /** Name of the service, told by health: env SERVICE_NAME, else the pod's name without its generated endings. */
    readonly service: string;
}

/** A reason not to start: what to print and with which code to exit. */
export class StartError extends Error {
    constructor(
        message: string,
        readonly exitCode: number,
    ) {
        super(message);
    }
}

const USAGE = `Usage:
  main.js -text TEXT | -forward URL [-listen ADDRESS] [-metrics-listen ADDRESS] [-status-code N] [-grace DURATION]
    [-call NAME=URL]...
    (-call names a service that is called first by requests with the header x-test-calls: NAME)
    (-forward http://host:port keeps the path of each request, -forward http://host:port/path uses that path)
  main.js recorder [-listen ADDRESS] [-smtp-listen ADDRESS]
  main.js client -url URL... [-host HOST] [-header NAME:VALUE]... [-method M] [-count N] [-concurrency N] [-timeout DURATION]
`;

/** Exit code of http-echo for a missing text or too many arguments. */
const MISUSE = 127;

/** Exit code of Go's flag package for a flag it does not know. */
export const BAD_FLAG = 2;

/**
 * Reads the server's flags and environment.
 *
 * @throws StartError naming what is wrong; exit code 127 without -text and -forward, as http-echo has it.
 */
export function readServerOptions(args: readonly string[], env: NodeJS.ProcessEnv): ServerOptions {
    const fail = (message: string, code: number): never => {
        throw new StartError(`${message}\n\n${USAGE}`, code);
    };
    let flags;
    try {
        flags = parseFlags(args, ["listen", "metrics-listen", "text", "status-code", "forward", "grace", "call"]);
    } catch (error) {
        if (error instanceof FlagError) return fail(error.message, BAD_FLAG);
        throw error;
    }
    if (flags.rest.length > 0) return fail(`Too many arguments: ${flags.rest.join(" ")}`, MISUSE);

    const pod = env["POD_NAME"] || os.hostname();
    const text = lastValue(flags, "text") || env["ECHO_TEXT"] || undefined;
    const forward = lastValue(flags, "forward");
    const metrics = lastValue(flags, "metrics-listen");
    if (!text && !forward) return fail("Missing -text option! (or -forward)", MISUSE);
    if (text && forward) return fail("-text and -forward exclude each other", MISUSE);

    return {
        ...listenAddress(lastValue(flags, "listen") ?? ":5678", fail),
        text: text?.replaceAll("{pod}", pod),
        status: statusCode(lastValue(flags, "status-code") ?? "200", fail),
        forward: forward === undefined ? undefined : forwardUrl(forward, fail),
        calls: {
            services: Object.fromEntries((flags.values.get("call") ?? []).map((one) => declaredCall(one, fail))),
            traces: env["FORWARD_TRACES"]?.toLowerCase() !== "false",
        },
        grace: grace(lastValue(flags, "grace") ?? "1s", fail),
        forceError: env["FORCE_ERROR"]?.toLowerCase() === "true",
        faults: environmentFaults(env, fail),
        metrics: metrics === undefined ? undefined : listenAddress(metrics, fail),
        business: businessOf(env["BUSINESS"], fail),
        pod,
        service: env["SERVICE_NAME"] || serviceOfPod(pod),
    };
}

/**
 * Reads the flags of `recorder`.
 *
 * @throws StartError naming what is wrong.
 */
export function readRecorderOptions(args: readonly string[]): MessageRecorderOptions {
    const fail = (message: string, code: number): never => {
        throw new StartError(`${message}\n\n${USAGE}`, code);
    };
    let flags;
    try {
        flags = parseFlags(args, ["listen", "smtp-listen"]);
    } catch (error) {
        if (error instanceof FlagError) return fail(error.message, BAD_FLAG);
        throw error;
    }
    if (flags.rest.length > 0) return fail(`Too many arguments: ${flags.rest.join(" ")}`, MISUSE);
    return {
        ...listenAddress(lastValue(flags, "listen") ?? ":8080", fail),
        smtpPort: listenAddress(lastValue(flags, "smtp-listen") ?? ":2525", fail).port,
    };
}

/** `orders-5c9f7d6b8-x2x4z` -> `orders`: takes off what a Deployment's ReplicaSet adds to its pods' names. */
export function serviceOfPod(pod: string): string {
    return pod.replace(/-[a-z0-9]{6,10}-[a-z0-9]{5}$/, "");
}

function businessOf(text: string | undefined, fail: Fail): Business | undefined {
    if (!text) return undefined;
    const found = businesses.find((business) => business === text);
    return found ?? fail(`invalid environment: BUSINESS is "${text}": one of ${businesses.join(", ")}`, BAD_FLAG);
}

type Fail = (message: string, code: number) => never;

function listenAddress(text: string, fail: Fail): { host: string | undefined; port: number } {
    const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(text);
    const port = Number(match?.[3]);
    if (!match || port > 65535)
        return fail(`invalid value "${text}" for flag -listen: write :5678 or 127.0.0.1:5678`, BAD_FLAG);
    return { host: match[1] || match[2] || undefined, port };
}

function statusCode(text: string, fail: Fail): number {
    const status = Number(text);
    if (!Number.isInteger(status) || status < 200 || status > 599)
        return fail(`invalid value "${text}" for flag -status-code: 200 to 599`, BAD_FLAG);
    return status;
}

function forwardUrl(text: string, fail: Fail): Forward {
    const target = URL.canParse(text) ? new URL(text) : undefined;
    if (target?.protocol !== "http:")
        return fail(
            `invalid value "${text}" for flag -forward: write http://host:port or http://host:port/path`,
            BAD_FLAG,
        );
    return { target, keepsPath: /^http:\/\/[^/]*$/i.test(text) };
}

function declaredCall(text: string, fail: Fail): [string, URL] {
    const [, name, url] = /^([^=]+)=(http:\/\/.+)$/.exec(text) ?? [];
    if (!name || !url || !URL.canParse(url))
        return fail(`invalid value "${text}" for flag -call: write NAME=http://host:port/path`, BAD_FLAG);
    return [name, new URL(url)];
}

function environmentFaults(env: NodeJS.ProcessEnv, fail: Fail): EnvironmentFaults {
    try {
        return readEnvironmentFaults(env);
    } catch (error) {
        return fail(`invalid environment: ${(error as Error).message}`, BAD_FLAG);
    }
}

function grace(text: string, fail: Fail): number {
    try {
        return parseDuration(text);
    } catch (error) {
        return fail(`invalid value for flag -grace: ${(error as Error).message}`, BAD_FLAG);
    }
}
