import { spawn, type ChildProcess } from "node:child_process";
import { createServer as createHttpServer, request as httpRequest, type Server } from "node:http";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { stringify } from "yaml";
import { until } from "../../tests/verification/wait";
import { UserError } from "../../tools/errors";
import { istioRelease } from "../../tools/versions";
import { localDirectory } from "../project";
import type { CaseRequest } from "./cases";
import type { Outcome } from "./check";
import {
    CLUSTER_HEADER,
    GATEWAY_LABELS,
    ROOT,
    SENTINEL,
    SENTINEL_HEADER,
    sentinel,
    surroundings,
    type Ports,
    type VirtualService,
} from "./mesh";

/** A real istiod and real Envoys on this machine's loopback address, without a cluster: they do nothing but route. */
export interface Proxies {
    send(kind: "gateway" | "mesh", request: CaseRequest): Promise<Outcome>;
    close(): Promise<void>;
}

/** Where istiod's and Envoy's programs are. */
export interface Programs {
    readonly istiod: string;
    readonly envoy: string;
}

/** Milliseconds in which istiod and the Envoys have to be ready, on a machine that is busy. */
const STARTING = 120_000;

/** Looks at a proxy, 100 ms apart, after which istiod is told of the sentinel again. */
const TOLD_AGAIN = 20;

/** The Envoy here is the vanilla one: it knows neither of these filters (components/mesh/values.ts). */
const VANILLA = { PILOT_ENABLE_ALPN_FILTER: "false", PILOT_ENABLE_METADATA_EXCHANGE: "false" };

/** Istiod without Kubernetes: no certificates, no webhooks. Routes that wait for a delegate are merged as ever. */
const ALONE = { ENABLE_CA_SERVER: "false", PILOT_CERT_PROVIDER: "none", POD_NAME: "istiod", POD_NAMESPACE: ROOT };

/**
 * Starts them with these VirtualServices, and waits until both proxies have their routes.
 * @throws UserError with the end of the log of what does not become ready.
 */
export async function startProxies(
    programs: Programs,
    virtualServices: readonly VirtualService[],
    signal: AbortSignal,
): Promise<Proxies> {
    const base = join(localDirectory, "route-cases");
    mkdirSync(base, { recursive: true });
    const directory = mkdtempSync(join(base, "run-"));
    const children: ChildProcess[] = [];
    const echo = await startEcho();
    const close = async () => {
        for (const child of children) child.kill("SIGKILL");
        echo.closeAllConnections();
        await new Promise((resolve) => echo.close(resolve));
        rmSync(directory, { recursive: true, force: true });
    };
    try {
        const [gateway, mesh, xds, web, monitoring, gatewayAdmin, meshAdmin] = (await freePorts(7)) as [
            number,
            number,
            number,
            number,
            number,
            number,
            number,
        ];
        const ports: Ports = { gateway, mesh, echo: (echo.address() as AddressInfo).port };
        const config = join(directory, "config");
        mkdirSync(config);
        const objects = [...virtualServices, ...surroundings(virtualServices, ports)];
        writeFileSync(
            join(config, "objects.yaml"),
            // As JSON: istiod reads YAML 1.1, to which a plain `yes` is no text.
            objects.map((object) => `${JSON.stringify(object)}\n`).join("---\n"),
        );
        const meshFile = join(directory, "mesh.yaml");
        writeFileSync(
            meshFile,
            stringify({
                enableAutoMtls: false,
                proxyHttpPort: mesh,
                defaultConfig: { discoveryAddress: `127.0.0.1:${xds}` },
            }),
        );
        const local = (port: number) => `127.0.0.1:${port}`;
        const start = (name: string, command: string, args: string[], env: Record<string, string> = {}) => {
            const log = join(directory, `${name}.log`);
            const child = spawn("sh", ["-c", 'exec "$0" "$@" >"$LOG" 2>&1', command, ...args], {
                env: { ...process.env, ...env, LOG: log },
            });
            children.push(child);
            return { child, log };
        };
        const istiod = start(
            "istiod",
            programs.istiod,
            [
                ...[
                    "discovery",
                    `--configDir=${config}`,
                    "--registries=",
                    `--meshConfig=${meshFile}`,
                    `--grpcAddr=${local(xds)}`,
                ],
                ...[
                    `--httpAddr=${local(web)}`,
                    "--httpsAddr=",
                    "--secureGRPCAddr=",
                    `--monitoringAddr=${local(monitoring)}`,
                ],
                ...["--ctrlz_port=0", `--networksConfig=${join(directory, "networks.yaml")}`],
            ],
            { ...ALONE, ...VANILLA },
        );
        await loaded(`http://${local(monitoring)}/debug/registryz`, istiod, signal);
        // Told anew until it has arrived: istiod may have pushed in the middle of reading, and not again.
        let attempt = 0;
        const tell = () => writeFileSync(join(config, "sentinel.yaml"), JSON.stringify(sentinel(++attempt)));
        tell();
        const envoy = (kind: "gateway" | "mesh", admin: number) => {
            const file = join(directory, `${kind}.json`);
            writeFileSync(file, JSON.stringify(bootstrap(kind, admin, xds)));
            const args = ["-c", file, "-l", "warn", "--base-id", String(admin), "--concurrency", "1"];
            return start(kind, programs.envoy, args);
        };
        const processes = { istiod, gateway: envoy("gateway", gatewayAdmin), mesh: envoy("mesh", meshAdmin) };
        await Promise.all([
            ready("gateway", gateway, processes, tell, signal),
            ready("mesh", mesh, processes, tell, signal),
        ]);
        return {
            send: (kind, request) => send(kind === "gateway" ? gateway : mesh, kind === "mesh", request),
            close,
        };
    } catch (error) {
        await close();
        throw error;
    }
}

/** Waits until istiod knows every host that it was told of: a proxy that asks earlier gets a part. */
async function loaded(
    address: string,
    { child, log }: { child: ChildProcess; log: string },
    signal: AbortSignal,
): Promise<void> {
    const knows = async () => {
        if (child.exitCode !== null)
            throw new UserError(`istiod has ended with exit code ${child.exitCode}\n${lastLines(log)}`, 2);
        const answer = await fetch(address, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
        return answer?.ok === true && (await answer.text()).includes(SENTINEL);
    };
    await until("istiod knows all hosts", knows, { deadline: STARTING, signal });
}

/** Waits until a proxy leads to the sentinel's destination. */
async function ready(
    kind: string,
    port: number,
    processes: Readonly<Record<string, { child: ChildProcess; log: string }>>,
    tell: () => void,
    signal: AbortSignal,
): Promise<void> {
    let looks = 0;
    const probe = { authority: SENTINEL, method: "GET", uri: "/", headers: {} };
    try {
        await until(
            `the proxy ${kind} has its routes`,
            async () => {
                for (const [name, { child }] of Object.entries(processes))
                    if (child.exitCode !== null) throw new Error(`${name} has ended with exit code ${child.exitCode}`);
                if (++looks % TOLD_AGAIN === 0) tell();
                return send(port, kind === "mesh", probe).then(
                    ({ headers, arrived }) => headers[SENTINEL_HEADER] !== undefined && arrived !== undefined,
                    () => false,
                );
            },
            { deadline: STARTING, signal },
        );
    } catch (error) {
        const logs = Object.entries(processes).map(([name, { log }]) => `${name}: ${lastLines(log)}`);
        throw new UserError(`${(error as Error).message}\n${logs.join("\n")}`, 2);
    }
}

function lastLines(file: string): string {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-8).join("\n");
}

/** An Envoy that asks istiod for everything, as a gateway or as a sidecar. */
function bootstrap(kind: "gateway" | "mesh", admin: number, xds: number): object {
    const type = kind === "gateway" ? "router" : "sidecar";
    const ads = { ads: {}, resource_api_version: "V3", initial_fetch_timeout: "0s" };
    const socket = (port: number) => ({ socket_address: { address: "127.0.0.1", port_value: port } });
    const http2 = {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            explicit_http_config: { http2_protocol_options: {} },
        },
    };
    return {
        node: {
            id: `${type}~${kind === "gateway" ? "192.0.2.1" : "192.0.2.2"}~${kind}.${ROOT}~${ROOT}.svc.cluster.local`,
            cluster: `${kind}.${ROOT}`,
            metadata: {
                NAMESPACE: ROOT,
                ISTIO_VERSION: istioRelease.version,
                CLUSTER_ID: "Kubernetes",
                LABELS: kind === "gateway" ? GATEWAY_LABELS : { app: "route-cases" },
            },
        },
        admin: { address: socket(admin) },
        dynamic_resources: {
            lds_config: ads,
            cds_config: ads,
            ads_config: {
                api_type: "GRPC",
                transport_api_version: "V3",
                grpc_services: [{ envoy_grpc: { cluster_name: "xds-grpc" } }],
            },
        },
        static_resources: {
            clusters: [
                {
                    ...{
                        name: "xds-grpc",
                        type: "STATIC",
                        connect_timeout: "2s",
                        typed_extension_protocol_options: http2,
                    },
                    load_assignment: {
                        cluster_name: "xds-grpc",
                        endpoints: [{ lb_endpoints: [{ endpoint: { address: socket(xds) } }] }],
                    },
                },
            ],
        },
    };
}

/** Every destination: it says what has arrived. */
async function startEcho(): Promise<Server> {
    const server = createHttpServer((request, response) => {
        request.resume();
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ uri: request.url, headers: request.headers }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return server;
}

/** Ports of the loopback address that nobody uses. */
async function freePorts(count: number): Promise<number[]> {
    const servers = await Promise.all(
        Array.from({ length: count }, async () => {
            const server = createServer();
            await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
            return server;
        }),
    );
    const ports = servers.map((server) => (server.address() as AddressInfo).port);
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    return ports;
}

/** Sends a request to a proxy; to the sidecar as to an HTTP proxy, by which it serves every host at one port. */
function send(port: number, byProxy: boolean, { authority, method, uri, headers }: CaseRequest): Promise<Outcome> {
    return new Promise((resolve, reject) => {
        const request = httpRequest(
            {
                ...{ host: "127.0.0.1", port, method, path: byProxy ? `http://${authority}${uri}` : uri },
                headers: { ...headers, host: authority },
                timeout: 10_000,
            },
            (response) => {
                let body = "";
                response.on("data", (chunk: Buffer) => (body += chunk.toString()));
                response.on("error", reject);
                response.on("end", () => {
                    const received = Object.fromEntries(
                        Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(", ")]),
                    );
                    const cluster = received[CLUSTER_HEADER];
                    const outbound = cluster?.startsWith("outbound|") ? cluster : undefined;
                    resolve({
                        status: response.statusCode ?? 0,
                        headers: received,
                        cluster: outbound,
                        arrived: outbound !== undefined && method !== "HEAD" ? arrival(body) : undefined,
                    });
                });
            },
        );
        request.on("timeout", () => request.destroy(new Error("no answer within 10 s")));
        request.on("error", reject);
        request.end();
    });
}

function arrival(body: string): Outcome["arrived"] {
    try {
        return JSON.parse(body) as Outcome["arrived"];
    } catch {
        return undefined;
    }
}
