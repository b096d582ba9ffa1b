import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
    keepResults,
    readResults,
    resultsFile,
    resultsOfAllStacks,
    scorePage,
    type Result,
} from "../../mutation/score";
import type { Verdict } from "../../mutation/verdict";

const result = (name: string, verdict: Verdict, ...red: string[]): Result => ({
    name,
    day: "2026-11-21",
    verdict,
    red,
    suiteMs: 30_000,
    durationMs: 31_000,
});

describe("mutation score", () => {
    const page = scorePage(
        [
            { name: "mirror-half", ids: ["E10", "T6"], description: "A | B" },
            { name: "retries-off", ids: ["E9"], description: "None." },
            { name: "mirror-off", ids: ["E10"], description: "No copies." },
            { name: "same", ids: [], description: "Nothing." },
        ],
        [
            result("mirror-half", { kind: "killed" }, "mirrors/egov"),
            { ...result("retries-off", { kind: "survived", missing: ["x/y"] }), beside: ["mirror-half"] },
            result("same", { kind: "quiet" }),
        ].map((row) => ({ ...row, stack: "e2e" })),
    );

    it("counts the killed and those that were not run, by requirement in the order of their numbers", () => {
        assert.match(page, /\*\*1 of 2 mutations killed, 1 of 1 equivalent changes quiet\*\*, 1 not run/);
        assert.match(page, /\| E9 \| 0 of 1 \| 0 \|\n\| E10 \| 1 of 1 \| 1 \|\n\| T6 \| 1 of 1 \| 0 \|/);
    });

    it("has a row for each mutation", () => {
        assert.match(
            page,
            /\| mirror-half \| E10, T6 \| A \\\| B \| killed \| 2026-11-21 \| e2e \| mirrors\/egov \| {2}\|/,
        );
        assert.match(page, /\| retries-off \| E9 \| None\. \| survived \| 2026-11-21 \| e2e \| none \| mirror-half \|/);
        assert.match(page, /\| mirror-off \| E10 \| No copies\. \| not run \| {2}\| {2}\| none \| {2}\|/);
        assert.match(page, /\| same \| nothing \| Nothing\. \| quiet \| 2026-11-21 \| e2e \| none \| {2}\|/);
    });

    it("keeps the last result of each mutation", () => {
        const directory = mkdtempSync(join(tmpdir(), "score-"));
        try {
            const file = join(directory, "e2e", "mutations.json");
            assert.deepEqual(readResults(file), []);
            keepResults(file, [result("a", { kind: "killed" }), result("b", { kind: "survived", missing: [] })]);
            keepResults(file, [result("b", { kind: "killed" })]);
            assert.deepEqual(
                readResults(file).map(({ name, verdict }) => [name, verdict.kind]),
                [
                    ["a", "killed"],
                    ["b", "killed"],
                ],
            );
        } finally {
            rmSync(directory, { recursive: true });
        }
    });

    it("of a mutation made on several stacks it tells the run that went wrong", () => {
        const directory = mkdtempSync(join(tmpdir(), "score-"));
        try {
            assert.deepEqual(resultsOfAllStacks(join(directory, "none")), []);
            const keep = (stack: string, ...results: Result[]) =>
                keepResults(resultsFile(join(directory, stack)), results);
            keep("e2e", result("a", { kind: "survived", missing: [] }), result("b", { kind: "killed" }));
            keep(
                "gateway-api",
                result("a", { kind: "killed" }),
                result("b", { kind: "inexact", missing: [], unexpected: [] }),
            );
            assert.deepEqual(
                resultsOfAllStacks(directory).map(({ name, stack, verdict }) => [name, stack, verdict.kind]),
                [
                    ["a", "e2e", "survived"],
                    ["b", "gateway-api", "inexact"],
                ],
            );
        } finally {
            rmSync(directory, { recursive: true });
        }
    });
});
