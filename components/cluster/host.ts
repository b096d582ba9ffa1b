import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { cluster } from "../config/cluster";
import { checkMachine } from "./embedded/preflight";
import { isRunning, readStatus } from "./embedded/status";
import { probeKindCluster } from "./kind/control";
import { checkKindMachine, checkPrograms } from "./kind/preflight";

/**
 * Checks this machine for the cluster of a stack, before anything else is done. A configuration that is wrong is not
 * this function's business: its problems are reported where it is validated as a whole.
 *
 * @throws UserError (exit code 2) naming all that is missing.
 */
export async function checkHost(stack: { configFile: string }): Promise<void> {
    const document = parse(readFileSync(stack.configFile, "utf8")) as { config?: Record<string, unknown> } | null;
    const { success, data: wanted } = cluster.safeParse(document?.config?.["istio-platform:cluster"]);
    if (!success) return;
    switch (wanted.kind) {
        case "embedded":
            if (!isRunning(readStatus(wanted.name))) await checkMachine(wanted);
            return;
        case "kind":
            await checkPrograms(wanted.name, wanted.runtime);
            if (!wanted.adopt && !(await probeKindCluster(wanted.name)).exists) await checkKindMachine(wanted);
            return;
        case "eks":
            return;
    }
}
