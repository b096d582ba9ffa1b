import assert from "node:assert/strict";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { destroyCluster } from "../../../components/cluster/embedded/control";
import { clusterPaths } from "../../../components/cluster/embedded/paths";
import { clusterNames } from "../../../components/cluster/embedded/status";

describe("Embedded cluster: removal", () => {
    const name = `unit-${process.pid}`;
    const paths = clusterPaths(name);

    afterEach(() => {
        for (const path of [paths.directory, paths.removed, paths.lock]) rmSync(path, { recursive: true, force: true });
    });

    it("P15 removes the files, and what an interrupted removal has left of others", async () => {
        for (const directory of [paths.directory, paths.removed]) {
            mkdirSync(join(directory, "nodes", "one"), { recursive: true });
            writeFileSync(join(directory, "nodes", "one", "file"), "");
        }
        await destroyCluster(name);
        assert.ok(!existsSync(paths.directory) && !existsSync(paths.removed));
    });

    it("P15 a half removed cluster is none, and is removed by the next destroy", async () => {
        mkdirSync(paths.removed, { recursive: true });
        writeFileSync(join(paths.removed, "config.json"), "{}");
        assert.ok(!clusterNames().some((found) => found.includes(name)), "it is listed as a cluster");
        await destroyCluster(name);
        assert.ok(!existsSync(paths.removed));
    });
});
