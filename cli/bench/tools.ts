import { readBuildTimes } from "../../tools/build-times";
import { takeInventory } from "../../tools/inventory";
import { toolchainDirectory } from "../../tools/toolchain";
import { ToolBuild } from "./report";

/** How long the tools took to build on this machine; empty when they were not built here. */
export function toolBuildTimes(): ToolBuild[] {
    return readBuildTimes(toolchainDirectory(takeInventory().key)).map(({ name, seconds, cold }) => ({
        name: `${name} (${cold ? "from nothing" : "with a warm compiler cache"})`,
        seconds,
    }));
}
