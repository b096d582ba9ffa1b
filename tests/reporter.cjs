// mocha's own terminal reporter, which also writes the counts of the run to the file that the option `counts` names.
"use strict";
const { writeFileSync } = require("node:fs");
const { reporters, Runner } = require("mocha");

module.exports = class CountingReporter extends reporters.Spec {
    constructor(runner, options) {
        super(runner, options);
        runner.once(Runner.constants.EVENT_RUN_END, () => {
            const { passes, failures, pending } = this.stats;
            const counts = { passed: passes, failed: failures, skipped: pending };
            writeFileSync(options.reporterOptions.counts, JSON.stringify(counts));
        });
    }
};
