import assert from "node:assert/strict";
import { RunningApp, runApp, startApp, stopApp } from "./app";

interface Response {
    status?: number;
    servedBy?: string;
    attempt?: number;
    ms: number;
    body?: string;
    error?: string;
}

async function client(...args: string[]): Promise<Response[]> {
    const { code, stdout, stderr } = await runApp(["client", ...args]);
    assert.equal(code, 0, stderr);
    return (JSON.parse(stdout) as { responses: Response[] }).responses;
}

describe("sample app: client mode", () => {
    let app: RunningApp;
    before(async () => (app = await startApp(["-text=hello"])));
    after(() => stopApp(app));

    it("prints one JSON with the outcome of every request", async () => {
        const responses = await client("--url", app.url, "--count", "7", "--concurrency=3");
        assert.equal(responses.length, 7);
        for (const { ms, ...response } of responses) {
            assert.deepEqual(response, { status: 200, servedBy: "hello-5c9f7d6b8-x2x4z", attempt: 1, body: "hello\n" });
            assert.ok(ms > 0);
        }
    });

    it("sends Host and headers", async () => {
        const headers = ["--header", "x-test-fail-attempts: 1", "-header=x-test-status:418", "--host", "api.c4ang.com"];
        const [response] = await client("--url", app.url, ...headers);
        assert.equal(response?.status, 418);
    });

    it("reports a time-out and a refused connection as outcomes", async () => {
        const slow = await client("--url", app.url, "--header", "x-test-delay:5s", "--timeout", "100ms");
        assert.equal(slow[0]?.error, "ETIMEDOUT");
        assert.ok((slow[0]?.ms ?? 0) >= 99);
        const refused = await client("--url", "http://127.0.0.1:1/");
        assert.equal(refused[0]?.error, "ECONNREFUSED");
    });

    it("exits 2 without a URL", async () => {
        const { code, stderr } = await runApp(["client"]);
        assert.equal(code, 2);
        assert.match(stderr, /missing -url/);
    });
});
