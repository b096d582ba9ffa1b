import { strict as assert } from "node:assert";
import type { Kubernetes, Pod } from "../../verification/target/target";
import { parseLimits } from "../../verification/specs/support/loaded-limits";
import { admissible, areWindowsOf, counted, readCounters } from "../../verification/specs/support/limit-counters";

/** A Redis with counters, as its command line answers. */
function redisWith(counters: Readonly<Record<string, number>>, commands: string[][] = []): Kubernetes {
    const pod = { name: "rate-limit-redis-1", readySince: new Date() } as Pod;
    const answer = (lines: readonly (string | number)[]) => lines.map((line) => `${line}\n`).join("");
    return {
        pods: async () => [pod],
        exec: async (_pod: Pod, _container: string, command: readonly string[]) => {
            commands.push([...command]);
            const keys = Object.keys(counters);
            return command[1] === "MGET" ? answer(command.slice(2).map((key) => counters[key]!)) : answer(keys);
        },
    } as unknown as Kubernetes;
}

describe("Verification: counters of the global rate limit", () => {
    const path = "/api/v1/saga/report";

    it("S7 are read window by window, under the name of the client", async () => {
        const commands: string[][] = [];
        const start = `ingress-gateway_path_${path}_client_a_`;
        const counters = await readCounters(redisWith({ [`${start}60`]: 12, [`${start}120`]: 8 }, commands), path, "a");
        assert.deepEqual(
            [...counters],
            [
                [60, 12],
                [120, 8],
            ],
        );
        assert.deepEqual(commands[0], ["redis-cli", "--scan", "--pattern", `${start}*`]);
    });

    it("S7 of those without a key have a name of their own", async () => {
        const commands: string[][] = [];
        assert.equal((await readCounters(redisWith({}, commands), path)).size, 0);
        assert.deepEqual(commands, [
            ["redis-cli", "--scan", "--pattern", `ingress-gateway_path_${path}_unnamed_true_*`],
        ]);
    });

    it("S7 are none where no Redis is ready", async () => {
        const away = { pods: async () => [] } as unknown as Kubernetes;
        assert.equal((await readCounters(away, path, "a")).size, 0);
    });

    it("S7 say how many may have passed, whichever windows the requests fell into", () => {
        const none = new Map<number, number>();
        assert.equal(admissible(none, new Map([[60, 40]]), 20), 20);
        // A window ended after 12 requests: the next one has its whole budget.
        const both = new Map([
            [60, 12],
            [120, 28],
        ]);
        assert.equal(admissible(none, both, 20), 32);
        assert.equal(counted(none, both), 40);
        // Others had sent 15 before.
        assert.equal(admissible(new Map([[60, 15]]), new Map([[60, 36]]), 20), 5);
        assert.equal(counted(new Map([[60, 15]]), new Map([[60, 36]])), 21);
        assert.equal(admissible(new Map([[60, 25]]), new Map([[60, 46]]), 20), 0);
    });

    it("S7 are kept for limits that the service shows", () => {
        const text =
            "ingress-gateway.path_/api/v1/saga/report.unnamed: unit=MINUTE requests_per_unit=20, shadow_mode: false, quota_mode: false\n" +
            "ingress-gateway.path_/api/v1/saga/report.client: unit=HOUR requests_per_unit=21, shadow_mode: true, quota_mode: false\n";
        assert.deepEqual(parseLimits(text), [
            { key: "client", unit: "hour", requests: 21, shadow: true },
            { key: "unnamed", unit: "minute", requests: 20, shadow: false },
        ]);
        assert.deepEqual(parseLimits(""), []);
    });

    it("S7 show windows of another length", () => {
        assert.ok(areWindowsOf(new Map([[120, 1]]), "minute"));
        assert.ok(!areWindowsOf(new Map([[121, 1]]), "minute"));
        assert.ok(!areWindowsOf(new Map([[120, 1]]), "hour"));
    });
});
