import assert from "node:assert/strict";
import { join } from "node:path";
import { runCommand } from "./command";
import { leftovers } from "./leftovers";
import { forgetReport, readReport, unproved } from "./report";

/** As many as are judged by two runs of the suite, each of another kind; all `api-` mutations take some minutes more. */
const mutations = "^api-(weights-swapped|retries-fewer|route-to-unknown-service)$";

const stack = ["--stack", "e2e", "--config-file", join(__dirname, "Pulumi.gateway-api.yaml")];

describe("the same systems with their routes in the Gateway API", () => {
    before(async () => {
        await runCommand(["destroy", ...stack]);
        forgetReport();
    });

    after(async () => {
        await runCommand(["destroy", ...stack]);
        assert.deepEqual(await leftovers("e2e"), []);
    });

    it("P12: npm start deploys them, and the same checks pass", async () => {
        const { code, output } = await runCommand(["start", ...stack]);
        assert.equal(code, 0, output);
        const report = readReport();
        assert.equal(report.summary.failed, 0);
        const ids = ["P12", "C2", "C3", "C9", "C10", "E3", "E5", "E8", "E10", "S4", "S5", "S6", "S7"];
        assert.deepEqual(unproved(report, ids), []);
    });

    it("P12: what breaks these routes turns exactly the right checks red", async () => {
        const { code, output } = await runCommand(["mutate", "--stack", "e2e", "--together", "--grep", mutations]);
        assert.equal(code, 0, output);
    });
});
