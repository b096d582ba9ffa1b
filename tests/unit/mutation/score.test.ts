import assert from "node:assert/strict";
import { scorePage } from "../../mutation/score";

describe("mutation score", () => {
    const page = scorePage(
        [
            {
                name: "mirror-half",
                ids: ["E10", "T6"],
                description: "A | B",
                verdict: { kind: "killed" },
                red: ["mirrors/egov"],
            },
            {
                name: "retries-off",
                ids: ["E9"],
                description: "None.",
                verdict: { kind: "survived", missing: ["x/y"] },
                red: [],
            },
            { name: "same", ids: [], description: "Nothing.", verdict: { kind: "quiet" }, red: [] },
        ],
        ["stack e2e"],
    );

    it("counts the killed, all together and by requirement in the order of their numbers", () => {
        assert.match(page, /\*\*1 of 2 mutations killed, 1 of 1 equivalent changes quiet\*\*/);
        assert.match(page, /\| E9 \| 0 of 1 \|\n\| E10 \| 1 of 1 \|\n\| T6 \| 1 of 1 \|/);
    });

    it("has a row for each mutation", () => {
        assert.match(page, /\| mirror-half \| E10, T6 \| A \\\| B \| killed \| mirrors\/egov \|/);
        assert.match(page, /\| retries-off \| E9 \| None\. \| survived \| none \|/);
        assert.match(page, /\| same \| nothing \| Nothing\. \| quiet \| none \|/);
    });
});
