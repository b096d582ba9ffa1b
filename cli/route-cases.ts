import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { Command } from "commander";
import { takeInventory } from "../tools/inventory";
import { ensureToolchain, toolchainDirectory } from "../tools/toolchain";
import { UserError } from "../tools/errors";
import { interruptible } from "./processes";
import { Progress } from "./progress";
import { readCases, requestsOf, type RouteCase } from "./route-cases/cases";
import { isWeighted, problemsOf, WEIGHTED_REQUESTS } from "./route-cases/check";
import { readVirtualServices, servedBy, type VirtualService } from "./route-cases/mesh";
import { startProxies, type Programs, type Proxies } from "./route-cases/proxies";

interface Options {
    virtualServices: string[];
    cases: string[];
    json?: boolean;
}

/** What a case came to. */
interface CaseResult {
    readonly description: string;
    readonly file: string;
    readonly requests: number;
    /** Request and what is wrong with it; empty where the case holds. */
    readonly problems: readonly string[];
}

/** `npm run route-cases`: asks a real istiod and real proxies where requests go, and compares it with what is expected. */
export function routeCasesCommand(): Command {
    return new Command("route-cases")
        .requiredOption("--virtual-services <files...>", "files or folders with VirtualServices, delegates included")
        .requiredOption("--cases <files...>", "files or folders with test cases")
        .option("--json", "one JSON object a line for each case")
        .addHelpText(
            "after",
            `
The cases have the format of istio-config-validator: description, wantMatch, request (authority, method, uri, headers), and route,
redirect, rewrite, fault, headers, delegate as expected. Needs no cluster.

Exit codes: 0 every case holds, 1 one does not, 2 it could not run.`,
        )
        .action(async (options: Options) => {
            const virtualServices = readAll(options.virtualServices, readVirtualServices);
            const cases = readAll(options.cases, readCases);
            if (virtualServices.length === 0)
                throw new UserError("--virtual-services: there is no VirtualService in these files.", 2);
            if (cases.length === 0) throw new UserError("--cases: there is no case in these files.", 2);
            const progress = new Progress();
            const results = await interruptible(async (signal) => {
                const programs = await findPrograms(progress.line, signal);
                progress.line("Starting istiod and two proxies");
                const proxies = await startProxies(programs, virtualServices, signal);
                progress.close();
                try {
                    const begin = performance.now();
                    const results: CaseResult[] = [];
                    for (const one of cases) results.push(await run(one, proxies, virtualServices, signal));
                    const seconds = (performance.now() - begin) / 1000;
                    print(results, seconds, options.json);
                    return results;
                } finally {
                    await proxies.close();
                }
            });
            if (results.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
        });
}

/** Istio's and Envoy's programs: those of the cache where they are there, whatever else of their group is missing. */
async function findPrograms(onProgress: (line: string) => void, signal: AbortSignal): Promise<Programs> {
    const programsIn = (directory: string) => ({
        istiod: join(directory, "bin", "pilot-discovery"),
        envoy: join(directory, "libexec", "envoy"),
    });
    const there = programsIn(toolchainDirectory(takeInventory().key));
    if (Object.values(there).every((file) => existsSync(file))) return there;
    onProgress("Building Istio's programs");
    return programsIn((await ensureToolchain(["mesh"], { onProgress, signal })).directory);
}

async function run(
    testCase: RouteCase,
    proxies: Proxies,
    virtualServices: readonly VirtualService[],
    signal: AbortSignal,
): Promise<CaseResult> {
    const requests = requestsOf(testCase);
    const problems: string[] = [];
    for (const request of requests) {
        signal.throwIfAborted();
        const kinds = servedBy(virtualServices, request.authority);
        // A host that no VirtualService has is asked at the gateway, which refuses it.
        for (const kind of kinds.length > 0 ? kinds : (["mesh"] as const)) {
            const count = isWeighted(testCase) ? WEIGHTED_REQUESTS : 1;
            const outcomes = [];
            while (outcomes.length < count) {
                const batch = Math.min(8, count - outcomes.length);
                outcomes.push(...(await Promise.all(Array.from({ length: batch }, () => proxies.send(kind, request)))));
            }
            for (const problem of problemsOf(testCase, request, outcomes, virtualServices))
                problems.push(`${request.method} ${request.authority}${request.uri}: ${problem}`);
        }
    }
    const { description, file } = testCase;
    return { description, file, requests: requests.length, problems };
}

function print(results: readonly CaseResult[], seconds: number, json: boolean | undefined): void {
    if (json) return results.forEach((result) => console.log(JSON.stringify(result)));
    for (const { description, file, problems } of results) {
        console.log(`${problems.length === 0 ? "PASS" : "FAIL"}  ${description}`);
        for (const problem of problems) console.log(`        ${problem} (${file})`);
    }
    const failed = results.filter(({ problems }) => problems.length > 0).length;
    const requests = results.reduce((sum, one) => sum + one.requests, 0);
    console.log(
        `\n${results.length - failed} passed, ${failed} failed (${requests} requests, ${seconds.toFixed(1)} s)`,
    );
}

/** npm starts commands in the project's folder; paths mean the folder that npm was called in. */
function fromCaller(path: string): string {
    const caller = process.env["INIT_CWD"];
    return isAbsolute(path) || !caller ? path : join(caller, path);
}

function readAll<T>(paths: readonly string[], read: (file: string, text: string) => T[]): T[] {
    const files = paths.map(fromCaller).flatMap((path) => {
        try {
            if (!statSync(path).isDirectory()) return [path];
            const names = readdirSync(path, { recursive: true, encoding: "utf8" });
            return names
                .filter((name) => /\.ya?ml$/.test(name))
                .sort()
                .map((name) => join(path, name));
        } catch (error) {
            throw new UserError(`${path} cannot be read: ${(error as Error).message}`, 2);
        }
    });
    return files.flatMap((file) => read(file, readFileSync(file, "utf8")));
}
