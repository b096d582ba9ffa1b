import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeAtomically } from "./cache";

/** How long it took to make a part of the toolchain on this machine. */
const buildTime = z.object({
    /** What was made: groups of tools. */
    name: z.string(),
    seconds: z.number(),
    /** True when the compiler's cache was empty: the first set-up of a machine. */
    cold: z.boolean(),
});
export type BuildTime = z.infer<typeof buildTime>;

const file = (toolchain: string) => join(toolchain, "build-times.json");

/** The build times of a toolchain; empty when it was not built on this machine. */
export function readBuildTimes(toolchain: string): BuildTime[] {
    return existsSync(file(toolchain))
        ? z.array(buildTime).parse(JSON.parse(readFileSync(file(toolchain), "utf8")))
        : [];
}

/** Notes a build. Of several builds of the same parts, the first counts: later ones rebuild single parts. */
export function noteBuildTime(toolchain: string, time: BuildTime): void {
    const times = readBuildTimes(toolchain);
    if (times.some(({ name }) => name === time.name)) return;
    writeAtomically(file(toolchain), `${JSON.stringify([...times, time], undefined, 2)}\n`);
}
