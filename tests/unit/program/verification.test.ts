import { strict as assert } from "node:assert";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runSuite, type SuiteOptions } from "../../../components/verification/suite";
import { writeTarget } from "../../../components/verification/target";

describe("Verification hook: the suite's process", function () {
    this.timeout(60_000);

    let directory: string;
    let lines: string[];
    beforeEach(() => {
        directory = mkdtempSync(join(tmpdir(), "verification-test-"));
        mkdirSync(join(directory, "tests", "verification"), { recursive: true });
        lines = [];
    });
    afterEach(() => rmSync(directory, { recursive: true }));

    /** Runs a stand-in for the suite: a script that has `report` and `args` to work with. */
    function run(script: string, options: Partial<SuiteOptions> = {}) {
        const preamble = `
            const { mkdirSync, writeFileSync } = require("node:fs");
            const args = process.argv.slice(2);
            const folder = args[args.indexOf("--report") + 1];
            const report = (value) => { mkdirSync(folder, { recursive: true }); writeFileSync(folder + "/report.json", typeof value === "string" ? value : JSON.stringify(value)); };
            const spec = (title, status) => ({ title, status, ids: [], durationMs: 1, evidence: [] });
            const summary = (passed, failed, skipped = 0) => ({ passed, failed, skipped, durationMs: 5 });`;
        writeFileSync(join(directory, "tests", "verification", "main.ts"), preamble + script);
        return runSuite({
            projectDirectory: directory,
            targetFile: join(directory, "target.json"),
            reportDirectory: join(directory, "reports"),
            deadline: "3m",
            onLine: (line) => lines.push(line),
            ...options,
        });
    }

    it("gives the result when all checks passed, and every line as it comes", async () => {
        const { summary } = await run(`
            console.log("E5 ejection"); console.error("a warning");
            report({ summary: summary(1, 0), specs: [spec("E5", "passed")] });`);
        assert.equal(summary.passed, 1);
        assert.deepEqual(lines.sort(), ["E5 ejection", "a warning"]);
    });

    it("passes target, report folder, deadline and filter on", async () => {
        await run(
            `console.log(JSON.stringify(args)); report({ summary: summary(1, 0), specs: [spec("E5", "passed")] });`,
            {
                grep: "E5|C3",
            },
        );
        assert.deepEqual(JSON.parse(lines[0]!), [
            ...["--target", join(directory, "target.json"), "--report", join(directory, "reports")],
            ...["--deadline", "3m", "--grep", "E5|C3"],
        ]);
    });

    const failures: [title: string, script: string, message: RegExp][] = [
        [
            "names the failing checks",
            `report({ summary: summary(1, 2), specs: [spec("A", "passed"), spec("E5 ejects", "failed"), spec("C3 retries", "failed")] }); process.exit(1);`,
            /^2 of 3 checks failed:\n {2}- E5 ejects\n {2}- C3 retries$/,
        ],
        [
            "believes the report rather than an exit code of 0",
            `report({ summary: summary(0, 1), specs: [spec("E5 ejects", "failed")] });`,
            /^1 of 1 checks failed:\n {2}- E5 ejects$/,
        ],
        [
            "does not take an exit code of 2 for success",
            `report({ summary: summary(1, 0), specs: [spec("A", "passed")] }); process.exit(2);`,
            /ended with exit code 2 although no check failed/,
        ],
        [
            "does not take a missing result for success, and shows the last lines",
            `console.error("cannot reach the cluster"); process.exit(2);`,
            /^exit code 2: the suite left no result in .*report\.json\n {2}cannot reach the cluster$/,
        ],
        ["does not take an unreadable result for success", `report("{");`, /the result in .* is unreadable/],
        [
            "does not take a result that contradicts itself for success",
            `report({ summary: summary(5, 0), specs: [spec("A", "passed")] });`,
            /counts 5 passed specs but lists 1/,
        ],
        [
            "does not take nothing for success",
            `report({ summary: summary(0, 0, 1), specs: [spec("A", "skipped")] });`,
            /no check ran, so nothing is proved/,
        ],
        [
            "does not take a killed suite for success",
            `process.kill(process.pid, "SIGKILL");`,
            /exit code 128: the suite left no/,
        ],
    ];
    for (const [title, script, message] of failures) it(title, () => assert.rejects(run(script), { message }));

    it("does not take the result of an earlier run for this one's", async () => {
        mkdirSync(join(directory, "reports"));
        writeFileSync(
            join(directory, "reports", "report.json"),
            JSON.stringify({
                summary: { passed: 1, failed: 0, skipped: 0, durationMs: 1 },
                specs: [{ title: "A", status: "passed" }],
            }),
        );
        await assert.rejects(run(""), /left no result/);
    });

    it("writes the target for its owner only", async () => {
        const file = join(directory, "new", "target.json");
        const target = {
            stack: "local",
            config: {} as never,
            kubeconfig: "/k",
            gateway: { address: "10.0.0.1", port: 32314 },
            objects: [],
            provenance: ["built here"],
        };
        await writeTarget(file, target);
        assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), target);
        assert.equal(statSync(file).mode & 0o777, 0o600);
    });
});
