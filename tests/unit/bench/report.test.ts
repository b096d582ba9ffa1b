import assert from "node:assert/strict";
import { environmentSection, median, toolsSection, withSections } from "../../../cli/bench/report";

const suite = { passed: 150, skipped: 2 };
const memory = [
    { name: "envoy", processes: 26, residentMiB: 1874.2, proportionalMiB: 733.1 },
    { name: "etcd", processes: 1, residentMiB: 71, proportionalMiB: 71 },
];
const steps = [
    { name: "preview, nothing deployed", seconds: [5, 4, 6] },
    { name: "destroy", seconds: [20] },
];

describe("docs/benchmarks.md", () => {
    it("compares every step with the first preview of the same run", () => {
        const section = environmentSection({ cluster: "a kind cluster of its own, 3 nodes", steps, suite, memory });
        assert.match(section, /^One run on a kind cluster of its own, 3 nodes, on one machine: \d+ cores/);
        assert.match(section, /150 checks\npassed, none failed, 2 skipped\./);
        assert.match(section, /\| preview, nothing deployed \| 3 \| 4\.00 \| 5\.00 \| 6\.00 \| 1\.00 \|/);
        assert.match(section, /\| destroy \| 1 \| 20\.00 \| 20\.00 \| 20\.00 \| 4\.00 \|/);
        assert.match(section, /\| all \| 27 \| 1945 \| 804 \|/);
    });

    it("a run replaces the section of its environment, and no other", () => {
        const first = withSections("", { local: "local 1", tools: "tools 1" });
        const second = withSections(first, { dev: "dev 2\n\n| a |" });
        const third = withSections(second, { local: "local 3" });
        assert.deepEqual(third.match(/^## .*|^(?:local|dev|tools) \d/gm), [
            ...["## The embedded cluster (`local`)", "local 3"],
            ...["## The kind cluster (`dev`)", "dev 2"],
            ...["## First set-up", "tools 1"],
        ]);
        assert.equal(withSections(third, { local: "local 3" }), third);
    });

    it("says nothing about tools that were not built here", () => {
        assert.equal(toolsSection([]), undefined);
        assert.match(toolsSection([{ name: "cluster", seconds: 61.4 }])!, /\| cluster \| 61 \|/);
    });

    it("the median of an even number of runs lies between the middle ones", () =>
        assert.deepEqual([median([3, 1, 2]), median([1, 2, 4, 9])], [2, 3]));
});
