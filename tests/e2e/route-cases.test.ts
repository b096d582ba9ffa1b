import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { runCommand } from "./command";

const folder = join(__dirname, "route-cases");
const virtualServices = join(folder, "virtual-services.yaml");
const casesFile = join(folder, "cases.yaml");

/** By a real istiod and real Envoys, without a cluster. */
describe("route test cases", () => {
    let directory: string;
    before(() => (directory = mkdtempSync(join(tmpdir(), "route-cases-"))));
    after(() => rmSync(directory, { recursive: true, force: true }));

    const run = (file: string, ...more: string[]) =>
        runCommand(["route-cases", "--virtual-services", virtualServices, "--cases", file, ...more]);
    const { testCases } = parse(readFileSync(casesFile, "utf8")) as { testCases: Record<string, unknown>[] };
    const write = (name: string, cases: unknown[]) => {
        const file = join(directory, name);
        writeFileSync(file, stringify({ testCases: cases }));
        return file;
    };

    it("C2 C3 C9 delegates, weights, redirects, rewrites, headers, faults, gateways and sidecars: every case holds", async () => {
        const { code, output } = await run(casesFile);
        assert.equal(code, 0, output);
        assert.match(output, new RegExp(`${testCases.length} passed, 0 failed`));
    });

    it("each of them turned round does not hold: none is true whatever happens", async () => {
        const turned = testCases.map((one) => ({ ...one, wantMatch: one["wantMatch"] !== true }));
        const { code, output } = await run(write("turned.yaml", turned), "--json");
        assert.equal(code, 1, output);
        const results = output
            .split("\n")
            .filter((line) => line.startsWith("{"))
            .map((line) => JSON.parse(line) as { problems: string[] });
        assert.equal(results.length, testCases.length);
        for (const result of results) assert.ok(result.problems.length > 0, JSON.stringify(result));
    });

    it("a delegate that a real istiod does not merge is found: both sides match by a regular expression", async () => {
        const wrong = {
            description: "delegate by two regular expressions",
            wantMatch: true,
            request: { authority: ["ambiguous.example"], uri: ["/a/b"] },
            delegate: { name: "ambiguous-delegate" },
        };
        const { code, output } = await run(write("wrong.yaml", [wrong]));
        assert.equal(code, 1, output);
        assert.match(output, /must go where the delegate ambiguous-delegate leads to: no route takes it \(404\)/);
    });

    it("100 cases take at most 10 s once the proxies are up", async () => {
        const plain = testCases.filter(({ description }) => !/canary/.test(String(description)));
        const many = Array.from({ length: 100 }, (_, index) => plain[index % plain.length]);
        const { code, output } = await run(write("many.yaml", many));
        assert.equal(code, 0, output);
        const [, passed, seconds] = /(\d+) passed, 0 failed \(\d+ requests, ([\d.]+) s\)/.exec(output) ?? [];
        assert.equal(passed, "100");
        assert.ok(Number(seconds) <= 10, `${seconds} s`);
    });

    it("what is wrong with a case file is said with its path", async () => {
        const { code, output } = await run(
            write("bad.yaml", [
                { description: "x", wantMatch: true, request: { authority: ["a"], uri: ["no-slash"] } },
            ]),
        );
        assert.equal(code, 2, output);
        assert.match(output, /testCases\.0\.request\.uri\.0/);
    });
});
