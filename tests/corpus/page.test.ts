import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { corpus } from "./cases";
import { type Analysis, corpusPage } from "./page";

const file = join(__dirname, "..", "..", "docs", "corpus.md");
const analysis = JSON.parse(readFileSync(join(__dirname, "istioctl-analyze.json"), "utf8")) as Analysis;

describe("corpus: the documentation", function () {
    this.timeout("60s");

    it("docs/corpus.md is what the corpus says (else: npx tsx tests/corpus/generate.ts)", async () => {
        const made = await format(corpusPage(analysis), { ...(await resolveConfig(file)), filepath: file });
        assert.equal(readFileSync(file, "utf8"), made);
    });

    it("istioctl has been asked about every mistake", () => {
        assert.deepEqual(Object.keys(analysis).toSorted(), corpus.map(({ id }) => id).toSorted());
    });
});
