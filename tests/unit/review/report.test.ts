import assert from "node:assert/strict";
import { compareResources } from "../../../cli/review/compare";
import { compareCosts } from "../../../cli/review/costs";
import { reviewPage } from "../../../cli/review/html";
import { COMMENT_LIMIT, markdown, marker } from "../../../cli/review/markdown";
import { isAcceptable, type Review } from "../../../cli/review/report";
import { compareViolations } from "../../../cli/review/violations";
import type { Plan } from "../../../cli/review/plan";
import { failure, inComponent, plan, planOf, policyEvent, step, summary, urn } from "./support";

const database = urn("istio-platform:aws:DataStores$aws:rds/instance:Instance", "postgres");

function review(base: Plan, change: Plan, more: Partial<Review> = {}): Review {
    return {
        stack: "prod",
        base: { name: "main", commit: "0123456789" },
        change: { name: "feature", commit: "abcdef0123" },
        takenAt: "2026-12-01T00:00:00.000Z",
        resources: compareResources(base, change),
        against: "plans",
        errors: { base: base.errors, change: change.errors },
        policy: compareViolations(base, change),
        risks: [],
        cost: undefined,
        behaviour: undefined,
        provenance: ["stand-in <provider>"],
        ...more,
    };
}

/** A change of so many resources, each with fields and a violation. */
function large(resources: number): Review {
    const service = (index: number) => inComponent(`apps:System${index % 20}`, "core/v1:Service", `service-${index}`);
    const all = (value: string) =>
        Array.from({ length: resources }, (_, index) => index).map((index) => {
            const fields = Object.fromEntries(
                Array.from({ length: 12 }, (_, field) => [`field${field}`, `${value} ${"x".repeat(80)}`]),
            );
            return step({ urn: service(index), new: { spec: fields } });
        });
    const violations = Array.from({ length: resources }, (_, index) =>
        policyEvent({
            rule: "service-selector",
            urn: service(index),
            message: `Service/a/service-${index}, spec.selector: ${"it selects no pod ".repeat(10)}.\nFix: mend it.`,
        }),
    );
    return review(plan(...all("before")), plan(...all("after"), ...violations));
}

describe("review: the report", () => {
    it("C18 the comment says what changes, and can be found again", () => {
        const deployment = inComponent("apps:Ecommerce", "apps/v1:Deployment", "order-api");
        const before = plan(step({ urn: deployment, new: { spec: { replicas: 2, image: "a`b" } } }));
        const after = plan(step({ urn: deployment, new: { spec: { replicas: 3, image: "a|b" } } }));
        const text = markdown(review(before, after));
        assert.ok(text.startsWith(marker("prod")));
        assert.match(text, /1 changed/);
        assert.match(text, /`spec\.replicas`: `2` → `3`/);
        assert.match(text, /``\s*a`b\s*``/);
        assert.match(text, /stand-in &lt;provider>/);
    });

    it("nothing changed is said as such", () => {
        const same = plan(step({ urn: database, new: {} }));
        assert.match(markdown(review(same, same)), /no resource changes[^]*Nothing changes: 1 resources unchanged/);
    });

    it("P6 lost data stands before everything else", () => {
        const text = markdown(review(plan(step({ urn: database, new: {} })), plan()));
        assert.ok(text.indexOf("Nothing brings it back") < text.indexOf("### Resources"));
        assert.match(text, /\*\*deleted: `rds\.Instance postgres`\*\*, a database/);
        assert.match(text, /❌|✅/);
    });

    for (const resources of [300, 3000])
        it(`C18 a change of ${resources} resources is summarised until a code host accepts it`, () => {
            const text = markdown(large(resources));
            assert.ok(text.length <= COMMENT_LIMIT, `${text.length} characters`);
            assert.match(text, new RegExp(`${resources} changed`));
            assert.match(text, /… and \d+ more/);
            assert.match(text, new RegExp(`${resources} new, 0 fixed, 0 unchanged`));
        });

    it("C18 the page has what the comment leaves out", () => {
        const page = reviewPage(large(300));
        for (const index of [0, 150, 299]) assert.ok(page.includes(`service-${index}<`), String(index));
        assert.ok(!page.includes("<provider>"));
        const open = (page.match(/<(section|details|ul|li|table|tbody|tr|td|div)\b/g) ?? []).length;
        const closed = (page.match(/<\/(section|details|ul|li|table|tbody|tr|td|div)>/g) ?? []).length;
        assert.equal(open, closed);
    });

    it("a preview that fails is said first, and the change is not acceptable", () => {
        const failed = planOf([failure("boom"), summary("failed")]);
        const text = markdown(review(plan(), failed));
        assert.match(text, /The preview of the change fails/);
        assert.match(text, /boom/);
        assert.equal(isAcceptable(review(plan(), failed)), false);
        assert.equal(isAcceptable(review(plan(), plan())), true);
    });

    it("P1 the cost difference is by resource, the largest first", () => {
        const line = (resource: string, quantity: number, usd: number) => ({
            resource,
            price: resource,
            quantity,
            usd,
        });
        const cost = compareCosts(
            [line("nodes", 3, 300), line("key", 1, 1), line("cache", 1, 30)],
            [line("nodes", 6, 600), line("key", 1, 1)],
        );
        assert.deepEqual(
            cost.lines.map(({ resource, before, after }) => [resource, before, after]),
            [
                ["nodes", 300, 600],
                ["cache", 30, 0],
            ],
        );
        const text = markdown(review(plan(), plan(), { cost }));
        assert.match(text, /\$331\.00 → \$601\.00 a month \(\+\$270\.00\)/);
        assert.match(text, /\| nodes \| nodes × 3 -> nodes × 6 \| \$300\.00 \| \$600\.00 \| \+\$300\.00 \|/);
        assert.deepEqual(compareCosts(undefined, undefined), { before: undefined, after: undefined, lines: [] });
    });
});
