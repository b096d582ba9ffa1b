import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Pinned version of actionlint, built from source. */
const ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";

describe("C18 workflows, by actionlint", () => {
    const run = promisify(execFile);
    let bin: string;

    before(async () => {
        bin = mkdtempSync(join(tmpdir(), "actionlint-"));
        await run("go", ["install", ACTIONLINT], {
            env: { ...process.env, GOBIN: bin, GOFLAGS: "-mod=mod" },
            cwd: bin,
        });
    });

    after(() => rmSync(bin, { recursive: true, force: true }));

    it("finds nothing wrong with them", async () => {
        const { stdout } = await run(join(bin, "actionlint"), ["-no-color"]);
        assert.equal(stdout, "");
    });
});
