import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
    cacheDirectory,
    platformName,
    publishFolder,
    requireFreeSpace,
    toolchainKey,
    writeAtomically,
} from "../../../tools/cache";

describe("tools: cache", () => {
    let directory: string;
    beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "cache-"))));
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    const lockFiles = (content: Record<string, string> = {}) => {
        for (const file of [
            "go/go.mod",
            "go/go.sum",
            "envoy/requirements.txt",
            "debian/system.txt",
            "debian/image-base.txt",
        ]) {
            mkdirSync(dirname(join(directory, file)), { recursive: true });
            writeFileSync(join(directory, file), content[file] ?? `content of ${file}`);
        }
        return directory;
    };

    it("is where the user says, else where XDG says, else in the home folder", () => {
        assert.equal(cacheDirectory({ ISTIO_PLATFORM_CACHE: "/c", XDG_CACHE_HOME: "/x" }), "/c");
        assert.equal(cacheDirectory({ XDG_CACHE_HOME: "/x" }), "/x/istio-platform");
        assert.match(cacheDirectory({}), /\/\.cache\/istio-platform$/);
    });

    it("keeps the key while the lock files, the recipe and the platform are the same", () => {
        assert.equal(toolchainKey("r", lockFiles(), "p"), toolchainKey("r", lockFiles(), "p"));
        assert.match(toolchainKey("r", directory, "p"), /^[0-9a-f]{16}$/);
    });

    for (const file of [
        "go/go.mod",
        "go/go.sum",
        "envoy/requirements.txt",
        "debian/system.txt",
        "debian/image-base.txt",
    ])
        it(`changes the key with ${file}`, () => {
            const before = toolchainKey("r", lockFiles(), "p");
            assert.notEqual(toolchainKey("r", lockFiles({ [file]: "other" }), "p"), before);
        });

    it("changes the key with the recipe and with the platform", () => {
        const key = toolchainKey("r", lockFiles(), "p");
        assert.notEqual(toolchainKey("other", directory, "p"), key);
        assert.notEqual(toolchainKey("r", directory, "other"), key);
    });

    it("names the platform by the distribution's release", () => {
        assert.match(platformName('NAME="X"\nVERSION_ID="12"\nID=debian\n'), /^linux-\w+-debian-12$/);
    });

    it("publishes a folder as a whole, replacing an older one", async () => {
        const target = join(directory, "published");
        await publishFolder(target, async (staged) => writeFileSync(join(staged, "old"), "1"));
        await publishFolder(target, async (staged) => writeFileSync(join(staged, "new"), "2"));
        assert.deepEqual(readdirSync(target), ["new"]);
        assert.deepEqual(readdirSync(directory), ["published"]);
    });

    it("leaves the older folder and no rest when filling fails", async () => {
        const target = join(directory, "published");
        await publishFolder(target, async (staged) => writeFileSync(join(staged, "old"), "1"));
        const failing = publishFolder(target, async (staged) => {
            writeFileSync(join(staged, "new"), "2");
            throw new Error("no");
        });
        await assert.rejects(failing, /no/);
        assert.deepEqual(readdirSync(target), ["old"]);
        assert.deepEqual(readdirSync(directory), ["published"]);
    });

    it("writes a file with its folders", () => {
        writeAtomically(join(directory, "a/b"), "text");
        assert.equal(readFileSync(join(directory, "a/b"), "utf8"), "text");
        assert.deepEqual(readdirSync(join(directory, "a")), ["b"]);
    });

    it("says how much space is needed, how much there is, and what to do", () => {
        requireFreeSpace(directory, 0, "nothing");
        assert.throws(
            () => requireFreeSpace(directory, 10_000_000, "building tools"),
            /building tools needs up to 10000000 GiB below .*, and \d+\.\d GiB are free\.\n.*tools -- clean.*ISTIO_PLATFORM_CACHE/,
        );
        assert.ok(existsSync(directory));
    });
});
