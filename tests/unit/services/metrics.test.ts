import assert from "node:assert/strict";
import { BusinessMetrics } from "../../../services/sample-app/metrics";
import { channelOf, type Business } from "../../../services/sample-app/business";
import { runApp } from "./app";

/** What is shown of one channel after some requests by it. */
async function shown(business: Business | undefined, requests: readonly [method: string, status: number][]) {
    const metrics = new BusinessMetrics(business);
    const port = await metrics.listen(0, "127.0.0.1");
    try {
        for (const [method, status] of requests) metrics.count({ method, status, channel: "mobile" });
        const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
        assert.equal(answer.status, 200);
        assert.match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
        return (await answer.text()).split("\n").filter((line) => line.includes('channel="mobile"'));
    } finally {
        metrics.stop();
    }
}

describe("sample app: business metrics (C17)", () => {
    it("counts orders and sign-ups that were accepted", async () => {
        const requests: [string, number][] = [
            ["POST", 201],
            ["POST", 200],
            ["POST", 500],
            ["GET", 200],
        ];
        assert.deepEqual(await shown("orders", requests), ['orders_created_total{channel="mobile"} 2']);
        assert.deepEqual(await shown("customers", requests), ['customers_signed_up_total{channel="mobile"} 2']);
    });

    it("counts payments by their outcome, both shown from the beginning", async () => {
        const none = [
            'payments_total{outcome="success",channel="mobile"} 0',
            'payments_total{outcome="failure",channel="mobile"} 0',
        ];
        assert.deepEqual(await shown("payments", [["GET", 200]]), none);
        const some = await shown("payments", [
            ["POST", 200],
            ["POST", 503],
            ["POST", 402],
        ]);
        assert.deepEqual(some, [
            'payments_total{outcome="success",channel="mobile"} 1',
            'payments_total{outcome="failure",channel="mobile"} 2',
        ]);
    });

    it("tells recommendations that were shown from those that were clicked", async () => {
        const requests: [string, number][] = [
            ["GET", 200],
            ["GET", 200],
            ["POST", 200],
            ["GET", 500],
        ];
        assert.deepEqual(await shown("recommendations", requests), [
            'recommendations_shown_total{channel="mobile"} 2',
            'recommendations_clicked_total{channel="mobile"} 1',
        ]);
    });

    it("counts nothing where no business is named", async () => {
        assert.deepEqual(await shown(undefined, [["POST", 200]]), []);
    });

    it("knows the channel by the header, and takes an unknown one for the web", () => {
        assert.deepEqual([undefined, "mobile", "partner", "x"].map(channelOf), ["web", "mobile", "partner", "web"]);
    });

    it("shows nothing at another path", async () => {
        const metrics = new BusinessMetrics("orders");
        const port = await metrics.listen(0, "127.0.0.1");
        try {
            assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 404);
        } finally {
            metrics.stop();
        }
    });

    it("has a port of its own, which is not opened for an address that is none", async () => {
        const { code, stderr } = await runApp(["-text", "x", "-metrics-listen", "nonsense"]);
        assert.equal(code, 2);
        assert.match(stderr, /invalid value "nonsense"/);
    });
});
