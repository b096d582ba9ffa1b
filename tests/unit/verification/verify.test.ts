import { strict as assert } from "node:assert";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckFailure } from "../../verification/failure";
import { htmlPage } from "../../verification/reports/html";
import { isGreen, type Report } from "../../verification/reports/report";
import { verify, type VerifyOptions } from "../../verification/verify";
import type { Spec } from "../../verification/spec";
import { config, fakeTarget, pod, spec } from "./support";

const passing = () => spec("passing", { a: "E5 passes" }, ({ check }) => check("a", async () => {}));
const failing = (text = '3 x 500 from <pod>\u0007 & "others"') =>
    spec(
        "failing",
        { a: "C3 fails" },
        ({ check }) =>
            check("a", async () => {
                throw new CheckFailure({
                    expected: "200",
                    seen: text,
                    cause: "the route",
                    action: "deploy again",
                    evidence: { "answers.txt": "1\t500\n" },
                });
            }),
        {
            evidence: async () => ({
                pods: [
                    { ...pod("p1"), containers: [{ name: "app", image: "i", ready: true, restarts: 0, ports: [] }] },
                ],
            }),
        },
    );
const skipping = () => spec("skipping", { a: "E8 skips" }, async () => {}, { needs: ["weights"] });

async function run(specs: Spec[], options: Partial<VerifyOptions> = {}) {
    const directory = mkdtempSync(join(tmpdir(), "verification-"));
    let printed = "";
    const report = await verify({
        target: {
            stack: "fake",
            config: config(),
            kubeconfig: "",
            gateway: { address: "x", port: 1 },
            objects: [],
            provenance: [],
        },
        report: directory,
        deadline: 10_000,
        output: { write: (text) => (printed += text) },
        specs,
        connect: async () =>
            fakeTarget({
                kubernetes: { version: async () => "v1.35.4", log: async () => "line\n" } as never,
            }),
        ...options,
    });
    const read = (name: string) => readFileSync(join(directory, name), "utf8");
    return { report, printed, directory, read };
}

describe("Verification, a whole run", () => {
    it("green: JSON, JUnit and HTML with provenance", async () => {
        const { report, printed, read } = await run([passing(), skipping()]);
        assert.ok(isGreen(report));
        assert.deepEqual([report.summary.passed, report.summary.failed, report.summary.skipped], [1, 0, 1]);
        assert.deepEqual(JSON.parse(read("report.json")), report);
        for (const text of [printed, read("junit.xml"), read("index.html"), read("report.json")])
            for (const part of ["fake proxy", "v1.35.4", "E5 passes".slice(3), "weights is not set"])
                assert.ok(text.includes(part), part);
        assert.match(printed, /1 passed, 0 failed, 1 skipped/);
    });
    it("red: expected, seen, cause, action and evidence in every report", async () => {
        const { report, printed, read } = await run([passing(), failing()]);
        assert.ok(!isGreen(report));
        const failed = report.specs.find(({ status }) => status === "failed")!;
        assert.deepEqual(failed.failure, {
            expected: "200",
            seen: '3 x 500 from <pod>\u0007 & "others"',
            cause: "the route",
            action: "deploy again",
        });
        assert.deepEqual(failed.evidence, ["evidence/failing/answers.txt", "evidence/failing/p1-app.log"]);
        assert.equal(read("evidence/failing/answers.txt"), "1\t500\n");
        assert.equal(read("evidence/failing/p1-app.log"), "line\n");
        for (const text of [printed, read("junit.xml"), read("index.html")])
            for (const part of ["the route", "deploy again"]) assert.ok(text.includes(part), part);
        assert.ok(!read("junit.xml").includes("\u0007"), "XML does not allow control characters");
        assert.ok(!read("index.html").includes("from <pod>"), "HTML must be escaped");
    });
    it("a run in which everything was skipped proves nothing", async () => {
        const { report, printed, read } = await run([skipping()]);
        assert.ok(!isGreen(report));
        assert.match(printed, /nothing is proved/);
        assert.match(read("index.html"), /No check ran/);
    });
    it("--grep selects by title, and other work is not done", async () => {
        const never = spec("never", { a: "C9 never" }, async () => assert.fail("must not run"));
        const { report } = await run([passing(), never], { grep: "^E5" });
        assert.deepEqual(
            report.specs.map(({ title }) => title),
            ["E5 passes"],
        );
    });
    it("cannot run: nothing matches, or the expression is wrong", async () => {
        await assert.rejects(run([passing()], { grep: "nothing" }), /no check matches --grep nothing/);
        await assert.rejects(run([passing()], { grep: "(" }), /is not a regular expression/);
    });
    it("an earlier run's reports are gone when a run cannot begin", async () => {
        const directory = mkdtempSync(join(tmpdir(), "verification-"));
        writeFileSync(join(directory, "report.json"), "{}");
        const connect = async () => Promise.reject(new Error("no cluster"));
        await assert.rejects(run([passing()], { report: directory, connect }), /no cluster/);
        assert.ok(!existsSync(join(directory, "report.json")));
    });
    it("the deadline makes the run red, not endless", async () => {
        const hangs = spec("hangs", { a: "E1 hangs" }, async () => new Promise(() => {}));
        const { report } = await run([passing(), hangs], { deadline: 50 });
        assert.deepEqual([report.summary.passed, report.summary.failed], [1, 1]);
    });
    it("an interrupted run rejects and writes no report", async () => {
        const controller = new AbortController();
        const directory = mkdtempSync(join(tmpdir(), "verification-"));
        const hangs = spec("hangs", { a: "E1 hangs" }, async () => new Promise(() => {}));
        setTimeout(() => controller.abort(new Error("interrupted")), 20);
        await assert.rejects(run([hangs], { signal: controller.signal, report: directory }), /interrupted/);
        assert.ok(!existsSync(join(directory, "report.json")));
    });
});

describe("Verification, HTML report", () => {
    const report: Report = {
        stack: "<local>",
        startedAt: "2026-01-02T03:04:05.678Z",
        summary: { passed: 1, failed: 0, skipped: 0, durationMs: 1234 },
        specs: [
            { title: "E5 a", ids: ["E5"], status: "passed", durationMs: 1, spec: "s", description: "d", evidence: [] },
        ],
        provenance: ["vanilla Envoy"],
    };
    it("needs no other file and no other host", () => {
        const page = htmlPage(report);
        assert.ok(!/(src|href)="(https?:)?\/\//.test(page));
        assert.ok(page.includes("&lt;local&gt;") && !page.includes("<local>"));
    });
});
