import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { alertsPage, unknownSpecs } from "../../alerts/page";

const file = join(__dirname, "..", "..", "..", "docs", "alerts.md");

describe("Monitoring: the documentation of the alerts", function () {
    this.timeout("30s");

    it("docs/alerts.md is what the rules and their cases say (else: npx tsx tests/alerts/docs.ts)", async () => {
        const made = await format(alertsPage(), { ...(await resolveConfig(file)), filepath: file });
        assert.equal(readFileSync(file, "utf8"), made);
    });

    it("the specs that it names are there", () => {
        assert.deepEqual(unknownSpecs(), []);
    });
});
