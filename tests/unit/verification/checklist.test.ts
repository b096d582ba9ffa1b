import assert from "node:assert/strict";
import { checklist } from "../../verification/reports/checklist";
import { htmlPage } from "../../verification/reports/html";
import type { ReportedCheck } from "../../verification/reports/report";

const check = (ids: string[], status: ReportedCheck["status"]): ReportedCheck => ({
    ...{ title: ids.join(" "), ids, status, durationMs: 1, spec: "s", description: "d", evidence: [] },
});
const stateOf = (text: RegExp, ...specs: ReportedCheck[]) =>
    checklist({ specs }).find((item) => text.test(item.text))?.state;

describe("C19 the checklist of a deployment", () => {
    it("an item is done when its checks have passed, and open when one has failed", () => {
        assert.equal(stateOf(/Smoke/, check(["C6"], "passed")), "done");
        assert.equal(stateOf(/Smoke/, check(["C6"], "passed"), check(["C6"], "failed")), "open");
        assert.equal(stateOf(/Security/, check(["S3", "C14"], "passed"), check(["S4"], "failed")), "open");
    });

    it("what did not run is not done, and what people do is said to be theirs", () => {
        assert.equal(stateOf(/Smoke/), "elsewhere");
        assert.equal(stateOf(/Smoke/, check(["C6"], "skipped")), "elsewhere");
        assert.equal(stateOf(/on call/, check(["C6"], "passed")), "by hand");
    });

    it("it has the documents' items, ten before, five during, five after, and stands in the page", () => {
        const phases = checklist({ specs: [] }).map(({ phase }) => phase);
        const count = (phase: string) => phases.filter((one) => one === phase).length;
        assert.deepEqual([count("before"), count("during"), count("after")], [10, 5, 5]);
        const summary = { passed: 1, failed: 0, skipped: 0, durationMs: 1 };
        const page = htmlPage({
            stack: "local",
            startedAt: "2026-12-01T00:00:00.000Z",
            summary,
            specs: [check(["C6"], "passed")],
            provenance: [],
        });
        assert.match(
            page,
            /Checklist of the deployment[^]*Smoke test right after the deployment[^]*done[^]*1 checks passed \(C6\)/,
        );
    });
});
