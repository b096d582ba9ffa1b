import { statSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory, writeAtomically } from "../cache";
import { downloadServer } from "./download";

/** How long the download server may take to answer, in milliseconds. */
const PROBE_TIMEOUT_MS = 2000;

/** How long "cannot be reached" is believed, in milliseconds: one day. */
const MEMORY_MS = 24 * 60 * 60 * 1000;

/** True when Pulumi's download server answers. A "no" is remembered for a day, so that a closed network costs no time. */
export async function isDownloadable(): Promise<boolean> {
    const memory = join(cacheDirectory(), "pulumi", "unreachable");
    if (isRecent(memory)) return false;
    try {
        const response = await fetch(downloadServer(), {
            method: "HEAD",
            signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
        });
        if (response.status < 400) return true;
    } catch {
        // Not reachable: remembered below.
    }
    writeAtomically(memory, `${downloadServer()} could not be reached. Delete this file to try again.\n`);
    return false;
}

function isRecent(file: string): boolean {
    try {
        return Date.now() - statSync(file).mtimeMs < MEMORY_MS;
    } catch {
        return false;
    }
}
