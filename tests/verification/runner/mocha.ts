import Mocha from "mocha";
import { CheckFailure } from "../failure";
import type { Spec } from "../spec";
import type { Outcome } from "./outcome";

/**
 * Presents the specs to mocha: one test a check. Mocha decides which tests a `--grep` selects, and
 * each of its tests awaits an outcome; the work itself runs side by side, started once for all of them.
 */

export interface MochaRun {
    /** Titles of the selected checks: the others' work is not done. */
    selected: ReadonlySet<string>;
    /** Lets mocha run; answers with the number of failures. */
    run(outcomes: ReadonlyMap<string, Promise<Outcome>>): Promise<number>;
}

/** Prints nothing: the suite's own terminal report shows each outcome at once, not in mocha's order. */
class SilentReporter extends Mocha.reporters.Base {}

export interface MochaOptions {
    /** Selects checks by title, as mocha's own `--grep`. */
    grep?: RegExp;
    /** One of mocha's reporters instead of none. */
    reporter?: string;
}

export function presentToMocha(specs: readonly Spec[], { grep, reporter }: MochaOptions): MochaRun {
    // The suite has a deadline of its own, so mocha's time-out for single tests is off.
    const mocha = new Mocha({ reporter: reporter ?? SilentReporter, timeout: 0, ...(grep && { grep }) });
    let outcomes: ReadonlyMap<string, Promise<Outcome>> = new Map();
    const selected = new Set<string>();
    for (const spec of specs) {
        for (const { title } of Object.values(spec.checks)) {
            const test = new Mocha.Test(title, async function (this: Mocha.Context) {
                const { status, failure } = await outcomes.get(title)!;
                if (status === "failed") throw new CheckFailure(failure!);
                if (status === "skipped") this.skip();
            });
            // On the root suite, so that the full title is the title and `--grep ^E5` works.
            mocha.suite.addTest(test);
            if (!grep || grep.test(test.fullTitle())) selected.add(title);
        }
    }
    return {
        selected,
        run: (promised) => {
            outcomes = promised;
            return new Promise((resolve) => mocha.run(resolve));
        },
    };
}
