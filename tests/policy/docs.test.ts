import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { policyPage } from "../../policy/generate/page";
import { rules } from "../../policy/rules";
import { awsRules } from "../../policy/rules/aws";
import { kubernetesRules } from "../../policy/rules/kubernetes";

const file = join(__dirname, "..", "..", "docs", "policy.md");

describe("policy: the documentation", function () {
    this.timeout("30s");

    it("docs/policy.md is what the rules say (else: npx tsx policy/generate/docs.ts)", async () => {
        const made = await format(policyPage(), { ...(await resolveConfig(file)), filepath: file });
        assert.equal(readFileSync(file, "utf8"), made);
    });

    it("every rule has a unique id and says what, why, how and whence", () => {
        assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
        for (const { id, title, reason, fix, sources = [], standards = [] } of rules) {
            for (const text of [title, reason, fix]) assert.ok(text.length > 20, `${id}: "${text}" says too little`);
            assert.doesNotMatch(title, /\.$/, `${id}: a title has no full stop`);
            assert.match(reason, /\.$/, `${id}: a reason is a sentence`);
            assert.match(fix, /\.$/, `${id}: a fix is a sentence`);
            assert.ok(sources.length + standards.length > 0, `${id}: names no source`);
        }
    });

    it("at least 40 rules harden AWS and Kubernetes, each by a control of a published standard", () => {
        const hardening = [...awsRules, ...kubernetesRules];
        assert.ok(hardening.length >= 40, `${hardening.length} rules`);
        for (const { id, standards = [] } of hardening) {
            assert.ok(standards.length > 0, `${id}: names no control`);
            for (const { control } of standards) assert.match(control, /\w/, id);
        }
    });
});
