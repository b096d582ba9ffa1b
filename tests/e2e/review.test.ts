import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Review } from "../../cli/review/report";
import { runCommand } from "./command";

const CLUSTER = "istio-platform:cluster: { kind: embedded, name: review, hostPorts: [] }";
const ORDERS = "order-api: { response: Order Service v2 Test Response, weights:";

/** The shop alone, so that two deployments take little time. */
const base = `config:
  ${CLUSTER}
  istio-platform:egov: { enabled: false }
  istio-platform:ecommerce: { canaries: { ${ORDERS} { stable: 100, candidate: 0 } } } }
`;
const change = `config:
  ${CLUSTER}
  istio-platform:egov: { enabled: false }
  istio-platform:mesh: { mtls: { mode: PERMISSIVE } }
  istio-platform:ecommerce:
    hosts: [api.c4ang.com]
    routePolicy: { timeout: 30s, retries: { attempts: 0, perTryTimeout: 10s, retryOn: ["5xx", reset, connect-failure, refused-stream] } }
    canaries: { ${ORDERS} { stable: 90, candidate: 10 } } }
`;

describe("review of a change, its behaviour measured", function () {
    this.timeout("20m");
    let directory: string;
    before(() => (directory = mkdtempSync(join(tmpdir(), "review-"))));
    after(() => rmSync(directory, { recursive: true, force: true }));

    async function review(
        changed: string,
        ...options: string[]
    ): Promise<{ review: Review; code: number | null; output: string }> {
        const write = (name: string, text: string) => {
            const file = join(directory, name);
            writeFileSync(file, text);
            return file;
        };
        const output = join(directory, "out");
        const result = await runCommand([
            ...["review", "--base", "HEAD", "--stack", "local", "--output", output, ...options],
            ...["--config-file", write("change.yaml", changed), "--base-config-file", write("base.yaml", base)],
        ]);
        return { ...result, review: JSON.parse(readFileSync(join(output, "review.json"), "utf8")) as Review };
    }

    it("C18 C2 C3 C9 S3 says what clients will see: weights, a removed host, retries, plain text", async () => {
        const { review: found, code, output } = await review(change, "--behaviour");
        assert.equal(code, 0, output);
        const lines = found.behaviour!.lines.map(
            ({ request, aspect, before, after }) => `${request} | ${aspect} | ${before} -> ${after}`,
        );
        for (const expected of [
            /^GET api\.c4ang\.com\/api\/v1\/orders \| answers \| 200 by order-api v1 100 % -> 200 by order-api v1 \d+ %, 200 by order-api v2 [\d.]+ %$/,
            /^GET \(any host\)\/api\/v1\/customers \| answers \| 200 by customer-api v1 100 % -> 404 by the proxy 100 %$/,
            /^GET api\.c4ang\.com\/api\/v1\/products \| retries \| 3 retries, then 500 -> 0 retries, then 500$/,
            /^ecommerce\/payment-api v1 port 5678 \| plain text from outside the mesh \| refused -> accepted$/,
        ])
            assert.ok(
                lines.some((line) => expected.test(line)),
                `${expected}\n${lines.join("\n")}`,
            );
        for (const { request, aspect, because } of found.behaviour!.lines)
            assert.ok(because.length > 0, `nothing explains ${request}: ${aspect}`);
        assert.ok(found.risks.some(({ rule }) => rule === "plain-text-accepted"));
    });

    it("C18 a change that changes nothing is said to change nothing", async () => {
        const { review: found, code, output } = await review(base, "--behaviour");
        assert.equal(code, 0, output);
        assert.deepEqual(found.resources.changes, []);
        assert.deepEqual(found.behaviour?.lines, []);
        assert.ok(found.behaviour!.unchanged.length > 40);
        assert.match(output, /no resource changes; clients see no difference/);
    });
});
