import assert from "node:assert/strict";
import { logPmf } from "../../verification/statistics/binomial";
import { exactInterval, fisherTest } from "../../verification/statistics/two-samples";

const near = (actual: number, expected: number, by = 1e-4) =>
    assert.ok(Math.abs(actual - expected) < by, `${actual} instead of ${expected}`);

describe("statistics: two samples", () => {
    it("Fisher's exact test agrees with tables: the lady tasting tea, and R's fisher.test", () => {
        near(fisherTest({ hits: 3, of: 4 }, { hits: 1, of: 4 }), 0.4857);
        near(fisherTest({ hits: 1, of: 12 }, { hits: 9, of: 12 }), 0.002759);
        assert.equal(fisherTest({ hits: 5, of: 10 }, { hits: 5, of: 10 }), 1);
        assert.ok(fisherTest({ hits: 0, of: 300 }, { hits: 30, of: 300 }) < 1e-8);
    });

    it("Fisher's exact test is the same from both sides", () => {
        for (const [a, b] of [
            [
                { hits: 3, of: 50 },
                { hits: 9, of: 40 },
            ],
            [
                { hits: 0, of: 7 },
                { hits: 2, of: 9 },
            ],
        ] as const)
            near(fisherTest(a, b), fisherTest(b, a), 1e-12);
    });

    it("Clopper and Pearson's interval agrees with tables", () => {
        const [low, high] = exactInterval({ hits: 5, of: 10 }, 0.95);
        near(low, 0.1871);
        near(high, 0.8129);
        const [none, some] = exactInterval({ hits: 0, of: 20 }, 0.95);
        assert.equal(none, 0);
        near(some, 0.1684);
        assert.equal(exactInterval({ hits: 20, of: 20 }, 0.95)[1], 1);
    });

    it("its interval holds the true share at least as often as it says", () => {
        const [n, p, confidence] = [40, 0.1, 0.95];
        let covered = 0;
        for (let hits = 0; hits <= n; hits++) {
            const [low, high] = exactInterval({ hits, of: n }, confidence);
            if (low <= p && p <= high) covered += Math.exp(logPmf(hits, n, p));
        }
        assert.ok(covered >= confidence, String(covered));
    });

    it("refuses what is not possible", () => {
        assert.throws(() => fisherTest({ hits: 3, of: 2 }, { hits: 0, of: 1 }), RangeError);
        assert.throws(() => exactInterval({ hits: -1, of: 2 }), RangeError);
    });
});
