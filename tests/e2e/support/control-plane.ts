import { ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How long a component may take to start, in milliseconds; seen: 2 to 6 s on two busy cores. */
const START_TIMEOUT_MS = 60_000;

/** Where the binaries and the data of a control plane are. */
export interface ControlPlaneOptions {
    /** Folder with etcd, kube-apiserver and kube-controller-manager. */
    bin: string;
    /** Empty folder for certificates, data and logs. */
    directory: string;
}

/**
 * A Kubernetes control plane without nodes, on free loopback ports: etcd, API server and controllers. Pods are created but never
 * run, which is what tests of waiting and failing need.
 */
export class ControlPlane {
    private readonly token = randomBytes(16).toString("hex");
    private readonly processes = new Map<string, ChildProcess>();
    private ports = { api: 0, etcd: 0, peer: 0, controllers: 0 };

    private constructor(private readonly options: ControlPlaneOptions) {}

    /** Starts a control plane and waits until it is ready. */
    static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
        const plane = new ControlPlane(options);
        try {
            await plane.prepare();
            plane.run("etcd", [
                ...[
                    "--data-dir",
                    plane.path("etcd"),
                    "--listen-client-urls",
                    plane.url("etcd"),
                    "--log-level",
                    "error",
                ],
                ...["--advertise-client-urls", plane.url("etcd"), "--listen-peer-urls", plane.url("peer")],
                ...[
                    "--initial-advertise-peer-urls",
                    plane.url("peer"),
                    "--initial-cluster",
                    `default=${plane.url("peer")}`,
                ],
                "--unsafe-no-fsync",
            ]);
            await plane.startApiServer();
            plane.run("kube-controller-manager", [
                ...[
                    "--kubeconfig",
                    plane.kubeconfig,
                    "--service-account-private-key-file",
                    plane.path("service-account.key"),
                ],
                ...[
                    "--secure-port",
                    String(plane.ports.controllers),
                    "--bind-address",
                    "127.0.0.1",
                    "--leader-elect=false",
                ],
                ...["--cert-dir", plane.path("controllers"), "--controllers", "*,-nodeipam,-nodelifecycle"],
            ]);
            return plane;
        } catch (error) {
            await plane.stop();
            throw error;
        }
    }

    /** Path of a kubeconfig for this control plane. */
    get kubeconfig(): string {
        return this.path("kubeconfig.json");
    }

    /** Starts the API server (again), on the same address and data. */
    async startApiServer(): Promise<void> {
        const key = this.path("service-account.key");
        this.run("kube-apiserver", [
            ...[
                "--etcd-servers",
                this.url("etcd"),
                "--secure-port",
                String(this.ports.api),
                "--bind-address",
                "127.0.0.1",
            ],
            ...[
                "--cert-dir",
                this.path("api"),
                "--token-auth-file",
                this.path("tokens.csv"),
                "--authorization-mode",
                "AlwaysAllow",
            ],
            ...["--service-account-issuer", "https://kubernetes.default.svc", "--service-account-key-file", key],
            ...["--service-account-signing-key-file", key, "--service-cluster-ip-range", "10.0.0.0/24"],
            ...["--advertise-address", "127.0.0.1", "--endpoint-reconciler-type", "none"],
        ]);
        const end = Date.now() + START_TIMEOUT_MS;
        while (!(await this.isReady())) {
            const child = this.processes.get("kube-apiserver");
            if (Date.now() > end || child?.exitCode !== null)
                throw new Error(
                    `kube-apiserver did not start:\n${readFileSync(this.path("kube-apiserver.log"), "utf8").slice(-2000)}`,
                );
            await sleep(100);
        }
    }

    /** Kills the API server as a crash would. */
    async killApiServer(): Promise<void> {
        await this.end("kube-apiserver", "SIGKILL");
    }

    /** Sends a request to the API server and returns the answer's JSON. */
    async api<T = Record<string, unknown>>(
        method: string,
        path: string,
        body?: unknown,
        contentType = "application/json",
    ): Promise<T> {
        const { status, text } = await this.send(method, path, body, contentType);
        if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text}`);
        return JSON.parse(text) as T;
    }

    /** The HTTP status of a GET. */
    async status(path: string): Promise<number> {
        return (await this.send("GET", path)).status;
    }

    /** Ends all processes. */
    async stop(): Promise<void> {
        for (const name of ["kube-controller-manager", "kube-apiserver", "etcd"]) await this.end(name, "SIGKILL");
    }

    private path(name: string): string {
        return join(this.options.directory, name);
    }

    private url(name: "etcd" | "peer"): string {
        return `http://127.0.0.1:${this.ports[name]}`;
    }

    private async prepare(): Promise<void> {
        mkdirSync(this.options.directory, { recursive: true });
        const [api = 0, etcd = 0, peer = 0, controllers = 0] = await freePorts(4);
        this.ports = { api, etcd, peer, controllers };
        const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
        writeFileSync(this.path("service-account.key"), privateKey.export({ type: "pkcs1", format: "pem" }));
        writeFileSync(this.path("tokens.csv"), `${this.token},test,test,system:masters\n`);
        const server = `https://127.0.0.1:${api}`;
        const config = {
            apiVersion: "v1",
            kind: "Config",
            "current-context": "test",
            contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
            clusters: [{ name: "test", cluster: { server, "insecure-skip-tls-verify": true } }],
            users: [{ name: "test", user: { token: this.token } }],
        };
        writeFileSync(this.kubeconfig, JSON.stringify(config));
    }

    private run(name: string, args: string[]): void {
        const log = openSync(this.path(`${name}.log`), "a");
        const child = spawn(join(this.options.bin, name), args, { stdio: ["ignore", log, log] });
        this.processes.set(name, child);
    }

    private async end(name: string, signal: NodeJS.Signals): Promise<void> {
        const child = this.processes.get(name);
        if (!child || child.exitCode !== null || child.signalCode !== null) return;
        const ended = new Promise((resolve) => child.once("exit", resolve));
        child.kill(signal);
        await ended;
    }

    private async isReady(): Promise<boolean> {
        try {
            return (await this.status("/readyz")) === 200 && (await this.status("/api/v1/namespaces/default")) === 200;
        } catch {
            return false;
        }
    }

    private send(
        method: string,
        path: string,
        body?: unknown,
        contentType = "application/json",
    ): Promise<{ status: number; text: string }> {
        const headers = { authorization: `Bearer ${this.token}`, "content-type": contentType };
        return new Promise((resolve, reject) => {
            const url = `https://127.0.0.1:${this.ports.api}${path}`;
            const outgoing = httpsRequest(
                url,
                { method, headers, rejectUnauthorized: false, timeout: 5000 },
                (response) => {
                    const chunks: Buffer[] = [];
                    response.on("data", (chunk: Buffer) => chunks.push(chunk));
                    response.on("error", reject);
                    response.on("end", () =>
                        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
                    );
                },
            );
            outgoing.on("timeout", () => outgoing.destroy(new Error(`${method} ${path}: no answer within 5 s`)));
            outgoing.on("error", reject);
            outgoing.end(body === undefined ? undefined : JSON.stringify(body));
        });
    }
}

/** Free TCP ports of the loopback interface, all different. */
async function freePorts(count: number): Promise<number[]> {
    const servers = await Promise.all(
        Array.from({ length: count }, async () => {
            const server = createServer();
            await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
            return server;
        }),
    );
    const ports = servers.map((server) => (server.address() as { port: number }).port);
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    return ports;
}
