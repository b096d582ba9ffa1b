import { join } from "node:path";
import { seconds } from "../verification/wait";
import { awaitHealthy } from "./cluster/health";
import { runSuite } from "./suite";
import type { RunOptions } from "./runner";

/**
 * Runs the suite on the healthy mesh again and again: no check may ever go red.
 *
 * @returns Whether none did.
 */
export async function runHealthy(runs: number, options: RunOptions): Promise<boolean> {
    const { mesh, signal, print } = options;
    await awaitHealthy(mesh, signal);
    let green = 0;
    for (let run = 1; run <= runs; run++) {
        const reportDirectory = join(options.reportDirectory, `healthy-${run}`);
        const result = await runSuite({ ...options, reportDirectory });
        if (result.red.size === 0) green++;
        const outcome = result.red.size === 0 ? "green" : `RED: ${[...result.red].join(", ")}`;
        print(`${String(run).padStart(String(runs).length)}/${runs}  ${outcome}, in ${seconds(result.durationMs)}`);
    }
    print(`healthy runs: ${green} green of ${runs}`);
    return green === runs;
}
