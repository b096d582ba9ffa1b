import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { load } from "../verification/specs/chaos/load";
import { connectTarget } from "../verification/target/connect";
import { readTargetFile } from "../verification/target/file";
import type { Answer, Target } from "../verification/target/target";
import { runCommand } from "./command";
import { insideLoad } from "./inside-load";
import { leftovers } from "./leftovers";
import { forgetReport, readReport, unproved } from "./report";

const name = "e2e-upgrade";
const old = { name: "default" };
const next = { name: "next" };

/** The three steps of docs/upgrades.md: what is edited of the stack's file in each. */
const steps: [title: string, mesh: object][] = [
    ["1: a second control plane beside the first", { revisions: [old, next], revisionTag: { revision: "default" } }],
    ["2: namespaces and gateways moved by the tag", { revisions: [old, next], revisionTag: { revision: "next" } }],
    ["3: the first control plane removed", { revisions: [next], revisionTag: { revision: "next" } }],
];

/** Between the steps only who is on which control plane is looked at: requests are sent all the time anyway. */
const stepChecks = "S9|P8";

/** Least number of requests of each kind that the upgrade was under way for. */
const enough = 500;

/** The tests of this file follow each other on one environment: from nothing to nothing. */
describe("an upgrade of the control plane by revision, while requests come in", () => {
    const directory = mkdtempSync(join(tmpdir(), "istio-platform-"));
    let target: Target | undefined;

    before(async () => {
        await runCommand(["destroy", ...stack({})]);
        forgetReport(name);
    });

    after(async () => {
        await target?.close();
        await runCommand(["destroy", ...stack({})]);
        rmSync(directory, { recursive: true });
        assert.deepEqual(await leftovers(name), []);
    });

    it("P7: one control plane, and every proxy on it", async () => {
        const { code, output } = await runCommand(["start", ...stack({}, stepChecks)]);
        assert.equal(code, 0, output);
        assert.deepEqual(unproved(readReport(name), ["P7", "P8", "S9"]), []);
        target = await connectTarget(
            readTargetFile(join(__dirname, "..", "..", ".local", "verification", `${name}.json`)),
        );
    });

    it("S9: three steps, after each of which every proxy is where it is declared; no request is lost", async () => {
        const inside: Answer[] = [];
        const outside = await load(target!, { path: "/api/v1/orders" }, new AbortController().signal).during(
            async () => {
                inside.push(
                    ...(await insideLoad(target!).during(async () => {
                        for (const [title, mesh] of steps) {
                            const { code, output } = await runCommand(["start", ...stack(mesh, stepChecks)]);
                            assert.equal(code, 0, `${title}\n${output}`);
                            assert.deepEqual(unproved(readReport(name), ["P7", "P8", "S9"]), [], title);
                        }
                    })),
                );
            },
        );
        for (const [kind, answers] of Object.entries({ outside, inside })) {
            const lost = answers.filter(({ status, pod }) => status !== 200 || pod === undefined);
            console.log(`      ${kind}: ${answers.length} requests, ${lost.length} lost`);
            assert.deepEqual(
                lost,
                [],
                `${kind}: ${lost.length} of ${answers.length} requests were lost; pods that a starved machine has found not ready: ${await unhealthy()}`,
            );
            assert.ok(answers.length >= enough, `${kind}: only ${answers.length} requests were sent`);
        }
    });

    it("S9: nothing is left of the first control plane", async () => {
        const { kubernetes } = target!;
        const named = async (apiVersion: string, kind: string, namespace = "istio-system") =>
            (await kubernetes.objects({ apiVersion, kind, namespace })).map(({ metadata }) => metadata.name);
        const admission = "admissionregistration.k8s.io/v1";
        assert.deepEqual((await named("apps/v1", "Deployment")).sort(), ["istio-ingressgateway", "istiod-next"]);
        assert.deepEqual((await named(admission, "MutatingWebhookConfiguration", "")).sort(), [
            "istio-revision-tag-stable",
            "istio-sidecar-injector-next",
        ]);
        assert.deepEqual((await named(admission, "ValidatingWebhookConfiguration", "")).sort(), [
            "istio-validator-next-istio-system",
            "istiod-default-validator",
        ]);
        assert.ok(!(await named("v1", "Service")).includes("istiod"));
        const revisions = new Set((await target!.proxySync()).map(({ revision }) => revision));
        assert.deepEqual([...revisions], ["next"]);
    });

    it("S9: the whole suite is green on the new control plane, and another start changes nothing", async () => {
        const { code, output } = await runCommand(["start", ...stack(steps.at(-1)![1])]);
        assert.equal(code, 0, output);
        assert.match(output, /Resources:\s+\d+ unchanged/);
        assert.equal(readReport(name).summary.failed, 0);
    });

    /** What explains a lost answer that the upgrade has not caused: probes that nobody has answered in time. */
    async function unhealthy(): Promise<string> {
        const events = await target!.kubernetes.objects({ apiVersion: "v1", kind: "Event", namespace: "" });
        const failed = events.filter((event) => event["reason"] === "Unhealthy");
        return (
            failed.map((event) => `${String(event["lastTimestamp"])} ${String(event["message"])}`).join("; ") || "none"
        );
    }

    /** Options that name the stack, with a mesh as edited and the checks that its deployment makes. */
    function stack(mesh: object, grep?: string): string[] {
        const file = parse(readFileSync(join(__dirname, "Pulumi.upgrade.yaml"), "utf8")) as { config: object };
        const configFile = join(directory, "Pulumi.upgrade.yaml");
        const config = {
            ...file.config,
            "istio-platform:mesh": mesh,
            ...(grep !== undefined && { "istio-platform:verification": { grep } }),
        };
        writeFileSync(configFile, stringify({ config }));
        return ["--stack", name, "--config-file", configFile];
    }
});
