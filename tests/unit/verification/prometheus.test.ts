import { strict as assert } from "node:assert";
import { platform } from "../../../components/config/platform";
import { increases, query, remaining, summed, sumDifferences } from "../../verification/specs/support/prometheus";
import type { Target } from "../../verification/target/target";

type Series = [labels: Record<string, string>, value: number];

/** A target whose Prometheus answers every query with these series; none: its pod is not ready. */
function targetWith(series: readonly Series[] | undefined): Target {
    const result = (series ?? []).map(([metric, value]) => ({ metric, value: [0, String(value)] }));
    return {
        config: platform.parse({ cluster: { kind: "embedded" }, monitoring: { enabled: true } }),
        kubernetes: {
            pods: () => Promise.resolve(series ? [{ name: "prometheus-1", readySince: new Date() }] : []),
            get: () => Promise.resolve({ status: 200, headers: {}, body: JSON.stringify({ data: { result } }) }),
        },
    } as unknown as Target;
}

describe("Verification, C15: what Prometheus has counted", () => {
    const before: Series[] = [
        [{ pod: "a", code: "452" }, 3],
        [{ pod: "b", code: "452" }, 5],
    ];
    const after: Series[] = [
        [{ code: "452", pod: "a" }, 7],
        [{ pod: "b", code: "452" }, 5],
        [{ pod: "c", code: "452" }, 2],
    ];

    it("is the increase of every series between two looks; one that is new has begun at 0", async () => {
        const grown = await increases(targetWith(after), "x", await query(targetWith(before), "x"));
        assert.deepEqual(
            grown.map(({ labels, value }) => [labels["pod"], value]),
            [
                ["a", 4],
                ["c", 2],
            ],
        );
        assert.deepEqual(summed(grown, ["code", "flags"]), new Map([["code=452, flags=", 6]]));
    });

    it("is compared to the number: too few, too many, under other labels", () => {
        const expected = new Map([
            ["code=452", 6],
            ["code=453", 1],
        ]);
        assert.deepEqual(sumDifferences(expected, new Map(expected)), []);
        assert.deepEqual(
            sumDifferences(
                expected,
                new Map([
                    ["code=452", 5],
                    ["code=0", 1],
                ]),
            ),
            ["5 instead of 6 for {code=452}", "0 instead of 1 for {code=453}", "1 instead of 0 for {code=0}"],
        );
    });

    it("is a problem of its own where no Prometheus answers", async () => {
        const controller = new AbortController();
        const none = targetWith(undefined);
        none.config.monitoring.prometheus.scrapeInterval = "1ms";
        setTimeout(() => controller.abort(new Error("enough")), 50);
        await assert.rejects(
            remaining(none, controller.signal, async () => (await query(none, "x")).map(() => "never")),
            /enough/,
        );
    });
});
