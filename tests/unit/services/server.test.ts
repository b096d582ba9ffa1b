import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { RunningApp, runApp, startApp, stopApp } from "./app";

const POD = "hello-5c9f7d6b8-x2x4z";
const attempt = (n: number) => ({ "x-envoy-attempt-count": String(n) });

describe("sample app: server", () => {
    let app: RunningApp;
    before(async () => (app = await startApp(["-text", "Hello from {pod}"])));
    after(() => stopApp(app));

    it("answers its text with the pod's name, whatever the path", async () => {
        const answer = await fetch(`${app.url}/any/path`);
        assert.equal(answer.status, 200);
        assert.equal(await answer.text(), `Hello from ${POD}\n`);
        assert.equal(answer.headers.get("x-served-by"), POD);
        assert.equal(answer.headers.get("x-attempt"), "1");
    });

    it("tells its health under any prefix", async () => {
        const answer = await fetch(`${app.url}/api/v1/customers/health`);
        assert.equal(answer.status, 200);
        assert.deepEqual(await answer.json(), { status: "UP", service: "hello", pod: POD });
    });

    it("fails the attempts that x-test-fail-attempts names, and no later one", async () => {
        const statuses = await Promise.all(
            [1, 2, 3].map(async (n) => {
                const headers = { "x-test-fail-attempts": "2", "x-test-status": "503", ...attempt(n) };
                const answer = await fetch(app.url, { headers });
                assert.equal(answer.headers.get("x-attempt"), String(n));
                return answer.status;
            }),
        );
        assert.deepEqual(statuses, [503, 503, 200]);
    });

    it("delays as x-test-delay says, only the attempts of x-test-delay-attempts", async () => {
        const timed = async (headers: Record<string, string>) => {
            const start = performance.now();
            await (await fetch(app.url, { headers })).text();
            return performance.now() - start;
        };
        const delay = { "x-test-delay": "300ms", "x-test-delay-attempts": "1" };
        assert.ok((await timed({ ...delay, ...attempt(1) })) >= 299);
        assert.ok((await timed({ ...delay, ...attempt(2) })) < 250);
    });

    it("delays one request after the other where x-test-delay-in-turn says so", async () => {
        const headers = { "x-test-delay": "100ms", "x-test-delay-in-turn": "true" };
        const start = performance.now();
        await Promise.all([1, 2, 3].map(async () => (await fetch(app.url, { headers })).text()));
        assert.ok(performance.now() - start >= 299);
    });

    it("answers 400 to a header that it does not understand, naming it", async () => {
        const answer = await fetch(app.url, { headers: { "x-test-delay": "soon" } });
        assert.equal(answer.status, 400);
        assert.match(await answer.text(), /x-test-delay: "soon" is not a duration/);
    });

    it("remembers the requests of a key with attempt and status", async () => {
        const headers = { "x-test-key": "k1", "x-test-fail-attempts": "1" };
        for (const n of [1, 2]) await fetch(app.url, { headers: { ...headers, ...attempt(n) } });
        const list = (await (await fetch(`${app.url}/prefix/__test/requests?key=k1`)).json()) as {
            attempt: number;
            status: number;
            host: string;
            from: string;
            at: number;
        }[];
        assert.deepEqual(
            list.map(({ attempt, status }) => [attempt, status]),
            [
                [1, 500],
                [2, 200],
            ],
        );
        assert.ok(list.every(({ host }) => host === new URL(app.url).host));
        assert.ok(list.every(({ from }) => from === "127.0.0.1"));
        assert.ok(list.every(({ at }) => Math.abs(Date.now() - at) < 60_000));
        assert.deepEqual(await (await fetch(`${app.url}/__test/requests?key=other`)).json(), []);
    });

    it("remembers a request whose client left before the answer, without a status", async () => {
        const headers = { "x-test-key": "gone", "x-test-delay": "10s" };
        await assert.rejects(fetch(app.url, { headers, signal: AbortSignal.timeout(100) }));
        const [request] = (await (await fetch(`${app.url}/__test/requests?key=gone`)).json()) as { status: null }[];
        assert.equal(request?.status, null);
    });
});

describe("sample app: FORCE_ERROR", () => {
    let app: RunningApp;
    before(async () => (app = await startApp(["-text=hello"], { FORCE_ERROR: "true" })));
    after(() => stopApp(app));

    it("answers 500 and names the pod", async () => {
        const answer = await fetch(`${app.url}/a/b/c/hello`);
        assert.equal(answer.status, 500);
        assert.equal(answer.headers.get("x-served-by"), POD);
        assert.match(await answer.text(), new RegExp(POD));
    });

    it("stays healthy", async () => assert.equal((await fetch(`${app.url}/health`)).status, 200));
});

describe("sample app: faults by the environment", () => {
    it("delays and fails every request but health", async () => {
        const env = { TIMING_50_PERCENTILE: "200ms", ERROR_RATE: "1", ERROR_CODE: "503" };
        const app = await startApp(["-text=hello"], env);
        try {
            const start = performance.now();
            assert.equal((await fetch(app.url)).status, 503);
            assert.ok(performance.now() - start >= 199);
            assert.equal((await fetch(`${app.url}/health`)).status, 200);
        } finally {
            await stopApp(app);
        }
    });
});

describe("sample app: -call (C7)", () => {
    const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const headers = { "x-test-calls": "orders,customers", traceparent: `00-${trace}-00f067aa0ba902b7-01` };
    let apps: RunningApp[] = [];
    const start = async (name: string, args: string[], env: Record<string, string> = {}) => {
        const app = await startApp([`-text=${name}`, ...args], { POD_NAME: name, ...env });
        apps.push(app);
        return app;
    };
    afterEach(async () => {
        await Promise.all(apps.map(stopApp));
        apps = [];
    });

    it("calls the named services, each the next one, and tells their pods", async () => {
        const customers = await start("customers-1", []);
        const orders = await start("orders-1", [`-call=customers=${customers.url}/c`]);
        const payments = await start("payments-1", [`-call=orders=${orders.url}/o`]);
        const answer = await fetch(payments.url, { headers });
        assert.equal(await answer.text(), "payments-1\n");
        assert.equal(answer.headers.get("x-called"), "orders-1,customers-1");
        assert.equal((await fetch(payments.url)).headers.get("x-called"), null);
    });

    it("answers 400 for a service that nobody declares, 502 for one that fails", async () => {
        const orders = await start("orders-1", []);
        const payments = await start("payments-1", [`-call=orders=${orders.url}`, "-call=gone=http://127.0.0.1:1"]);
        const status = async (calls: string) =>
            (await fetch(payments.url, { headers: { "x-test-calls": calls } })).status;
        assert.deepEqual(
            [await status("toString"), await status("orders,customers"), await status("gone"), await status("orders")],
            [400, 502, 502, 200],
        );
    });

    it("passes on the headers of traces unless FORWARD_TRACES is false", async () => {
        const seen: (string | undefined)[] = [];
        const behind = http.createServer((request, response) => {
            seen.push(request.headers["traceparent"] as string | undefined);
            response.end();
        });
        await new Promise<void>((resolve) => behind.listen(0, "127.0.0.1", resolve));
        const flag = `-call=orders=http://127.0.0.1:${(behind.address() as AddressInfo).port}`;
        const [careful, careless] = [await start("a", [flag]), await start("b", [flag], { FORWARD_TRACES: "false" })];
        for (const { url } of [careful, careless])
            await fetch(url, { headers: { ...headers, "x-test-calls": "orders" } });
        behind.close();
        assert.deepEqual(seen, [headers.traceparent, undefined]);
    });

    it("refuses a flag that names no URL", async () => {
        const { code, stderr } = await runApp(["-text=x", "-call=orders"]);
        assert.equal(code, 2);
        assert.match(stderr, /flag -call/);
    });
});

describe("sample app: -forward", () => {
    let app: RunningApp;
    let behind: http.Server;
    let seen: http.IncomingHttpHeaders;
    let asked: string | undefined;
    before(async () => {
        behind = http.createServer((request, response) => {
            seen = request.headers;
            asked = request.url;
            response.writeHead(418, { "x-served-by": "behind-1", "x-attempt": "2" }).end("short and stout");
        });
        await new Promise<void>((resolve) => behind.listen(0, "127.0.0.1", resolve));
        app = await startApp([`-forward=http://127.0.0.1:${(behind.address() as AddressInfo).port}/target`]);
    });
    after(async () => {
        await stopApp(app);
        behind.close();
    });

    it("passes status and body on and names both pods", async () => {
        const answer = await fetch(app.url);
        assert.equal(answer.status, 418);
        assert.equal(await answer.text(), "short and stout");
        assert.equal(answer.headers.get("x-served-by"), POD);
        assert.equal(answer.headers.get("x-upstream-served-by"), "behind-1");
        assert.deepEqual([answer.headers.get("x-attempt"), answer.headers.get("x-upstream-attempt")], ["1", "2"]);
    });

    it("asks for the target's path, or without one for the path that was asked for", async () => {
        await fetch(`${app.url}/items?page=2`);
        assert.equal(asked, "/target");
        const through = await startApp([`-forward=http://127.0.0.1:${(behind.address() as AddressInfo).port}`]);
        try {
            await fetch(`${through.url}/items?page=2`);
            assert.equal(asked, "/items?page=2");
        } finally {
            await stopApp(through);
        }
    });

    it("propagates trace and test headers, and nothing else", async () => {
        const traced = {
            traceparent: "00-1-2-01",
            "x-b3-traceid": "7",
            "x-request-id": "r",
            "x-istio-cohort": "internal",
            "x-test-fail-attempts": "1",
        };
        await fetch(app.url, { headers: { ...traced, cookie: "secret=1", ...attempt(3) } });
        for (const [name, value] of Object.entries(traced)) assert.equal(seen[name], value);
        assert.equal(seen["cookie"], undefined);
        assert.equal(seen["x-envoy-attempt-count"], undefined);
    });

    it("answers 502 when the target cannot be reached", async () => {
        const lonely = await startApp(["-forward=http://127.0.0.1:1/"]);
        try {
            const answer = await fetch(lonely.url);
            assert.equal(answer.status, 502);
            assert.match(await answer.text(), /ECONNREFUSED/);
        } finally {
            await stopApp(lonely);
        }
    });
});

describe("sample app: end of life", () => {
    it("on SIGTERM is not ready, finishes open requests and exits 0", async () => {
        const app = await startApp(["-text=hello", "-grace=300ms"]);
        const open = fetch(app.url, { headers: { "x-test-delay": "700ms" } });
        await fetch(`${app.url}/health`);
        app.process.kill("SIGTERM");
        while ((await fetch(`${app.url}/health`)).status === 200) await new Promise((resolve) => setImmediate(resolve));
        assert.equal((await fetch(app.url)).status, 200, "requests of the grace period are answered");
        assert.equal(await (await open).text(), "hello\n", "the open request is finished");
        assert.equal(await app.exited, 0);
        await assert.rejects(fetch(app.url));
    });

    it("exits 127 without a text, as http-echo does", async () => {
        const { code, stderr } = await runApp(["-listen=:0"]);
        assert.equal(code, 127);
        assert.match(stderr, /Missing -text option!/);
    });

    it("exits 2 at a flag it does not know, naming it", async () => {
        const { code, stderr } = await runApp(["-txt=hello"]);
        assert.equal(code, 2);
        assert.match(stderr, /flag provided but not defined: -txt/);
    });

    it("exits 1 when the port is taken", async () => {
        const app = await startApp(["-text=hello"]);
        try {
            const { code, stderr } = await runApp([`-listen=${new URL(app.url).host}`, "-text=hello"]);
            assert.equal(code, 1);
            assert.match(stderr, /EADDRINUSE/);
        } finally {
            await stopApp(app);
        }
    });
});
