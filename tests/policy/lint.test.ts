import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lint } from "../../policy/manifests/lint";
import { toSarif } from "../../policy/manifests/sarif";
import { toJsonLine, toText } from "../../policy/manifests/text";
import { defaultRules } from "../../policy/rules";
import { strictSettings } from "../../policy/settings";

const good = readFileSync(join(__dirname, "good.yaml"), "utf8");

/** The good mesh with a weight that nothing knows and a route to a Service that is not there. */
const bad = good.replace("weight: 20", "percent: 20").replace("{ host: customer-api, port", "{ host: customers, port");

function lintText(text: string) {
    return lint([{ file: "mesh.yaml", text }], defaultRules, strictSettings("2026-12-01"));
}

const lineOf = (part: string) => bad.slice(0, bad.indexOf(part)).split("\n").length;

describe("lint: the rules over plain manifests (C8)", () => {
    it("a good mesh raises nothing", () => {
        const { objects, findings, problems } = lintText(good);
        assert.deepEqual([objects, findings, problems], [34, [], []]);
    });

    it("a finding names rule, object, message, fix, file and the very line", () => {
        const { findings } = lintText(bad);
        const found = findings.map(({ rule, object, place }) => [rule, object, place?.file, place?.line]);
        assert.deepEqual(
            found.filter(([rule]) => rule === "destination-host" || rule === "unknown-field"),
            [
                ["destination-host", "VirtualService/ecommerce/customer-api", "mesh.yaml", lineOf("host: customers")],
                ["unknown-field", "VirtualService/egov-app/egov-hello", "mesh.yaml", lineOf("percent: 20")],
            ],
        );
    });

    it("--json: one object a line with rule, object, message and fix", () => {
        for (const finding of lintText(bad).findings) {
            const line = toJsonLine(finding);
            assert.doesNotMatch(line, /\n/);
            const { rule, object, message, fix, file } = JSON.parse(line) as Record<string, string>;
            for (const value of [rule, object, message, fix, file]) assert.ok(value, line);
        }
    });

    it("a reader gets file:line, the fix, and the number of findings", () => {
        const text = toText(lintText(bad));
        assert.match(
            text,
            new RegExp(`^mesh.yaml:${lineOf("host: customers")}:\\d+: VirtualService/ecommerce/customer-api`, "m"),
        );
        assert.match(text, /\n {4}Fix: /);
        assert.match(text, /34 objects: \d+ to mend, \d+ (piece|advice)/);
    });

    it("SARIF 2.1.0: each result has a rule, a level and a region", () => {
        const { version, runs } = toSarif(lintText(bad), defaultRules) as { version: string; runs: Sarif[] };
        assert.equal(version, "2.1.0");
        const [{ tool, results }] = runs as [Sarif];
        assert.ok(results.length >= 2);
        for (const { ruleId, ruleIndex, level, message, locations } of results) {
            assert.equal(tool.driver.rules[ruleIndex]?.id, ruleId);
            assert.match(level, /^(error|warning)$/);
            assert.match(message.text, /Fix: /);
            const { artifactLocation, region } = locations[0]!.physicalLocation;
            assert.equal(artifactLocation.uri, "mesh.yaml");
            assert.ok(region.startLine > 1 && region.startColumn > 0);
        }
    });

    it("lists, several documents, JSON and anchors are read; what has no kind is passed over", () => {
        const service = {
            apiVersion: "v1",
            kind: "Service",
            metadata: { name: "a" },
            spec: { selector: { app: "a" } },
        };
        const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: [service, service] });
        assert.equal(lintText(`${list}\n---\nreplicas: 2\n---\n# nothing\n---\n${JSON.stringify(service)}`).objects, 3);
        const anchored = "kind: Service\nmetadata: &m { name: a }\nspec: { selector: { <<: *m } }";
        assert.equal(lintText(anchored).objects, 1);
    });

    it("text that is no YAML is named with file and line, and the rest is judged all the same", () => {
        const { problems, findings } = lintText(`${bad}\n---\nkind: Service\n  metadata: [`);
        assert.ok(problems.length > 0 && findings.length > 0);
        assert.equal(problems[0]?.file, "mesh.yaml");
        assert.ok((problems[0]?.line ?? 0) > bad.split("\n").length);
    });

    it("what is not among the manifests may exist elsewhere: an application alone raises nothing", () => {
        const shop = good
            .split("\n---\n")
            .filter(
                (document) =>
                    /namespace: ecommerce|name: ecommerce,/.test(document) && !/DisruptionBudget/.test(document),
            )
            .join("\n---\n");
        assert.deepEqual(lintText(shop).findings, []);
    });
});

describe("lint: the command", function () {
    this.timeout("60s");
    let folder: string;
    before(() => {
        folder = mkdtempSync(join(tmpdir(), "lint-"));
        writeFileSync(join(folder, "good.yaml"), good);
    });
    after(() => rmSync(folder, { recursive: true }));

    function command(...args: string[]) {
        const main = join(__dirname, "..", "..", "bin", "run.mjs");
        return spawnSync(process.execPath, [main, "lint", ...args], { encoding: "utf8", input: bad });
    }

    it("0 for nothing mandatory, 1 for findings on standard input, 2 when it cannot run", () => {
        assert.equal(command(folder).status, 0);
        const { status, stdout } = command("-", "--json", "--sarif", join(folder, "lint.sarif"));
        assert.equal(status, 1);
        assert.ok(
            stdout
                .trim()
                .split("\n")
                .every((line) => JSON.parse(line) as object),
        );
        assert.match(readFileSync(join(folder, "lint.sarif"), "utf8"), /"2.1.0"/);
        const missing = command(join(folder, "nothing"));
        assert.equal(missing.status, 2);
        assert.match(missing.stderr, /nothing/);
    });
});

interface Sarif {
    tool: { driver: { rules: { id: string }[] } };
    results: {
        ruleId: string;
        ruleIndex: number;
        level: string;
        message: { text: string };
        locations: {
            physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number; startColumn: number } };
        }[];
    }[];
}
