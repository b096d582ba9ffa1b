import assert from "node:assert/strict";
import { platform } from "../../components/config/platform";
import { ensureToolchain } from "../../tools/toolchain";
import { mustRed, nameOf } from "../mutation/checks";
import { alerts, fileChanges } from "../mutation/mutations/alerts";
import { configOf } from "../support/program";
import { suites } from "../verification/specs";
import { alertDelivery } from "../verification/specs/alerts/delivery";
import { alertReceivers } from "../verification/specs/alerts/receivers";
import { alertRules } from "../verification/specs/alerts/rules";
import { AlertPipeline } from "./support/alert-pipeline";

/** Milliseconds for all alerts to fire and to end. */
const suiteLimit = 300_000;

/** The specs of every run that look at rules, receivers and their messages. */
const ofEveryRun = [alertRules, alertReceivers, alertDelivery];

/** The generated files in the real Prometheus and Alertmanager, the suite of the alerts, and a mesh that is simulated: no cluster. */
describe("from a rule to a message, without a cluster", () => {
    const config = platform.parse(configOf("tests/e2e/Pulumi.monitoring.yaml"));
    let bin: string;

    before(async () => {
        ({ bin } = await ensureToolchain(["monitoring"]));
    });

    it("E12 E13 E14 C15 C16: every alert fires, tells whom it must tell, and ends", async () => {
        const pipeline = await AlertPipeline.start(config, bin);
        try {
            const outcomes = await pipeline.run([...suites.alerts, ...ofEveryRun], suiteLimit);
            const others = outcomes.filter(({ status }) => status !== "passed");
            assert.deepEqual(
                others.map(({ check, failure }) => `${check.title}: ${failure?.seen}`),
                [],
            );
        } finally {
            await pipeline.stop();
        }
    });

    for (const mutation of alerts.filter(({ suite }) => suite === undefined))
        it(`${mutation.ids.join(" ")}: exactly the right checks notice ${mutation.name}`, async () => {
            const { which, change } = fileChanges.get(mutation.name)!;
            const pipeline = await AlertPipeline.start(config, bin, (files) => change(files[which]));
            try {
                const outcomes = await pipeline.run(ofEveryRun, suiteLimit);
                const red = outcomes.filter(({ status }) => status === "failed");
                assert.deepEqual(
                    red.map(({ check }) => nameOf(check.title)).sort(),
                    [...mustRed(mutation, config)].sort(),
                );
            } finally {
                await pipeline.stop();
            }
        });
});
