import { strict as assert } from "node:assert";
import { percentilePlot } from "../../verification/reports/percentile-plot";

describe("Verification, figures", () => {
    const curve = (name: string, factor: number) => ({
        name,
        values: Array.from({ length: 100 }, (_, index) => factor * (index + 1)),
        mark: { share: 0.99, value: 99 * factor, low: 95 * factor, high: Infinity },
    });
    const svg = percentilePlot("A title", [curve("ROUND_ROBIN", 10), curve("RANDOM", 1)]);

    it("T8 one curve an algorithm, with the percentile between its bounds", () => {
        for (const part of ["A title", "ROUND_ROBIN", "RANDOM", "p99"])
            assert.ok(svg.includes(`>${part}</text>`), part);
        assert.equal(svg.match(/<polyline/g)?.length, 4);
        assert.equal(svg.match(/<circle/g)?.length, 2);
    });
    it("stays within its frame, also where there is no upper bound", () => {
        assert.doesNotMatch(svg, /NaN|Infinity/);
    });
});
