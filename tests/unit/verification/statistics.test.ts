import { strict as assert } from "node:assert";
import fc from "fast-check";
import { binomialPower, binomialTest, logPmf } from "../../verification/statistics/binomial";
import { logFactorial } from "../../verification/statistics/log-factorial";
import { percentile } from "../../verification/statistics/percentile";
import { multinomialTest, outcomeCount, spreadTest } from "../../verification/statistics/multinomial";
import { firstOutOfTurn, requestsForRound, roundByChance } from "../../verification/statistics/round-robin";
import { requestsToSee, sampleSize } from "../../verification/statistics/sample-size";

const close = (actual: number, expected: number, relative = 1e-9) =>
    assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected), `${actual} is not ${expected}`);

/** All outcomes of `n` requests over the pods, one by one: slow, but obviously right. */
function bruteForce(counts: readonly number[], shares: readonly number[]): number {
    const probabilities = new Map<string, number>();
    const walk = (left: number, seen: number[], probability: number): void => {
        if (left === 0) {
            const key = seen.join();
            probabilities.set(key, (probabilities.get(key) ?? 0) + probability);
            return;
        }
        shares.forEach((share, cell) => {
            const next = [...seen];
            next[cell]!++;
            walk(left - 1, next, probability * share);
        });
    };
    const n = counts.reduce((sum, count) => sum + count, 0);
    walk(
        n,
        counts.map(() => 0),
        1,
    );
    const observed = probabilities.get(counts.join())!;
    return [...probabilities.values()].filter((p) => p <= observed * (1 + 1e-7)).reduce((sum, p) => sum + p, 0);
}

describe("Verification, statistics: binomial", () => {
    it("ln n! agrees with exact integers", () => {
        let exact = 1n;
        for (let n = 1; n <= 150; n++) {
            exact *= BigInt(n);
            close(logFactorial(n), Math.log(Number(exact)), 1e-12);
            if (n === 1) assert.equal(logFactorial(1), 0);
        }
    });
    it("refuses what is no whole number", () => {
        assert.throws(() => logFactorial(-1), RangeError);
        assert.throws(() => logFactorial(1.5), RangeError);
        assert.throws(() => binomialTest(5, 4, 0.5), RangeError);
        assert.throws(() => logPmf(1, 2, 1.5), RangeError);
    });
    it("the probabilities add up to 1", () => {
        fc.assert(
            fc.property(fc.integer({ min: 0, max: 400 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, p) => {
                let sum = 0;
                for (let k = 0; k <= n; k++) sum += Math.exp(logPmf(k, n, p));
                close(sum, 1, 1e-9);
            }),
        );
    });
    it("Mendel's peas, 682 of 925 with p = 0.75: p-value 0.3825 (the example of R's binom.test)", () => {
        assert.equal(binomialTest(682, 925, 0.75).toFixed(4), "0.3825");
    });
    it("fair coin: 0 of 10 is 2/1024, 5 of 10 is 1, 8 of 10 is 112/1024", () => {
        close(binomialTest(0, 10, 0.5), 2 / 1024);
        close(binomialTest(5, 10, 0.5), 1);
        close(binomialTest(8, 10, 0.5), 112 / 1024);
    });
    it("certain shares: any deviation has the p-value 0", () => {
        assert.equal(binomialTest(10, 10, 1), 1);
        assert.equal(binomialTest(9, 10, 1), 0);
        assert.equal(binomialTest(0, 10, 0), 1);
        assert.equal(binomialTest(1, 10, 0), 0);
    });
    it("is symmetrical in hits and misses, and never above 1", () => {
        fc.assert(
            fc.property(
                fc.integer({ min: 1, max: 300 }).chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 0, max: n }))),
                fc.double({ min: 0.01, max: 0.99, noNaN: true }),
                ([n, k], p) => {
                    const value = binomialTest(k, n, p);
                    assert.ok(value >= 0 && value <= 1);
                    assert.ok(Math.abs(value - binomialTest(n - k, n, 1 - p)) <= 1e-9);
                },
            ),
        );
    });
    it("its level holds: under the declared share it rejects at most that often", () => {
        for (const [n, p] of [
            [50, 0.5],
            [333, 1 / 3],
            [200, 0.1],
        ] as const)
            for (const level of [1e-2, 1e-6]) assert.ok(binomialPower(n, p, p, level) <= level);
    });
});

describe("Verification, statistics: multinomial", () => {
    it("agrees with the enumeration of every sequence", () => {
        fc.assert(
            fc.property(
                fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 3 }),
                fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 3 }),
                (counts, parts) => {
                    const used = parts.slice(0, counts.length);
                    const total = used.reduce((sum, part) => sum + part, 0);
                    const shares = used.map((part) => part / total);
                    close(multinomialTest(counts, shares), bruteForce(counts, shares), 1e-6);
                },
            ),
            { numRuns: 60 },
        );
    });
    it("two pods: the same as the binomial test", () => {
        for (const k of [0, 3, 25, 49]) close(multinomialTest([k, 50 - k], [0.3, 0.7]), binomialTest(k, 50, 0.3));
    });
    it("counts its outcomes", () => {
        assert.equal(outcomeCount(2, 3), 6);
        assert.equal(outcomeCount(300, 3), 45451);
    });
    it("round robin's counts fit, a missing pod does not", () => {
        const even = [1 / 3, 1 / 3, 1 / 3];
        close(multinomialTest([151, 151, 151], even), 1, 1e-6);
        assert.ok(multinomialTest([227, 226, 0], even) < 1e-60);
    });
    it("many pods: one exact binomial test each, together at the level", () => {
        const shares = Array.from({ length: 6 }, () => 1 / 6);
        const result = spreadTest([700, 700, 700, 700, 700, 100], shares);
        assert.equal(result.test, "binomial per pod");
        assert.ok(result.pValue < 1e-6);
        assert.equal(spreadTest([600, 600, 600, 600, 600, 600], shares).pValue, 1);
    });
    it("refuses shares that do not add up to 1", () => {
        assert.throws(() => multinomialTest([1, 1], [0.5, 0.6]), /add up to 1.1/);
        assert.throws(() => multinomialTest([1], [0.5, 0.5]), RangeError);
    });
});

describe("Verification, statistics: sample sizes", () => {
    it("reach the power, and one request less does not", () => {
        for (const [share, truth] of [
            [1 / 3, 1 / 6],
            [0.9, 0.8],
            [0.1, 0.05],
        ] as const) {
            const n = sampleSize({ share, truth });
            assert.ok(binomialPower(n, share, truth, 1e-6) >= 0.999);
            assert.ok(binomialPower(n - 1, share, truth, 1e-6) < 0.999);
        }
    });
    it("a certain share: as many requests as it takes to see one miss", () => {
        assert.equal(sampleSize({ share: 1, truth: 0.95 }), Math.ceil(Math.log(0.001) / Math.log(0.95)));
    });
    it("refuse what would take too long", () => {
        assert.throws(() => sampleSize({ share: 0.5, truth: 0.499 }), /needs more than/);
        assert.throws(() => sampleSize({ share: 0.5, truth: 0.5 }), RangeError);
    });
    it("seeing every pod", () => {
        assert.equal(requestsToSee(0.5, { missed: 1e-6 }), 20);
        assert.equal(requestsToSee(0.5, { missed: 1e-6, of: 2 }), 21);
        assert.equal(requestsToSee(1), 1);
        assert.throws(() => requestsToSee(0), RangeError);
    });
});

describe("Verification, statistics: turn", () => {
    it("recognises a strict round from any start", () => {
        assert.equal(firstOutOfTurn([..."bcabcabc"], 3), -1);
        assert.equal(firstOutOfTurn([..."bcabacbc"], 3), 4);
        assert.equal(firstOutOfTurn([..."aab"], 3), 1);
        assert.equal(firstOutOfTurn([], 3), -1);
    });
    it("its probability by chance is that of counting", () => {
        // 2 pods, 3 requests: aba and bab of 8.
        close(roundByChance(3, 2), 2 / 8);
        close(roundByChance(3, 3), 6 / 27);
        close(roundByChance(4, 3), 6 / 81);
        for (const pods of [2, 3, 5]) {
            const n = requestsForRound(pods, 1e-6);
            assert.ok(roundByChance(n, pods) <= 1e-6 && roundByChance(n - 1, pods) > 1e-6);
        }
        assert.throws(() => requestsForRound(1, 1e-6), RangeError);
    });
    it("chance breaks the turn as often as calculated", () => {
        fc.assert(
            fc.property(fc.array(fc.constantFrom("a", "b", "c"), { minLength: 30, maxLength: 30 }), (sequence) => {
                assert.notEqual(firstOutOfTurn(sequence, 3), -1);
            }),
        );
    });
});

describe("Statistics: percentiles", () => {
    const first = (count: number) => Array.from({ length: count }, (_, index) => count - index);

    it("the bounds are the order statistics of the textbook: n = 100, median, 2.5 % at each end", () => {
        assert.deepEqual(percentile(first(100), 0.5, 0.025), { value: 50, low: 40, high: 61 });
    });
    it("no bound where no value could be one", () => {
        assert.equal(percentile(first(1_374), 0.99, 1e-6).high, Infinity);
        assert.equal(percentile(first(1_375), 0.99, 1e-6).high, 1_375);
        assert.equal(percentile(first(5), 0.01, 1e-6).low, 0);
    });
    it("what is no percentile, or of nothing, is refused", () => {
        assert.throws(() => percentile([1], 1, 0.01), RangeError);
        assert.throws(() => percentile([], 0.5, 0.01), RangeError);
    });
});
