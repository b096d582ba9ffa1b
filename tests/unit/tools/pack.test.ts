import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
    chmodSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    readlinkSync,
    rmSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removable } from "../../../tools/clean";
import { pack, unpack } from "../../../tools/pack";

describe("tools: pack and unpack", () => {
    let directory: string;
    let archive: string;
    let before: string | undefined;
    const context = { onProgress: () => undefined, log: "" };
    const key = "0123456789abcdef";

    beforeEach(() => {
        directory = mkdtempSync(join(tmpdir(), "pack-"));
        archive = join(directory, "tools.tar");
        context.log = join(directory, "log");
        before = process.env.ISTIO_PLATFORM_CACHE;
        process.env.ISTIO_PLATFORM_CACHE = join(directory, "cache");
        const toolchain = join(directory, key);
        mkdirSync(join(toolchain, "bin"), { recursive: true });
        writeFileSync(join(toolchain, "bin/tool"), "#!/bin/sh\n");
        chmodSync(join(toolchain, "bin/tool"), 0o755);
        symlinkSync("tool", join(toolchain, "bin/alias"));
    });
    afterEach(() => {
        if (before === undefined) delete process.env.ISTIO_PLATFORM_CACHE;
        else process.env.ISTIO_PLATFORM_CACHE = before;
        rmSync(directory, { recursive: true, force: true });
    });

    const packed = () => pack(join(directory, key), archive, context);
    /** Unpacks the archive by hand, changes it and packs it again. */
    const tamper = (change: (folder: string) => void) => {
        const folder = join(directory, "tampered");
        mkdirSync(folder);
        const flag = readFileSync(archive).readUInt16BE(0) === 0x1f8b ? "gzip" : "zstd";
        execFileSync("tar", ["-I", flag, "-xf", archive, "-C", folder]);
        change(folder);
        execFileSync("tar", ["-I", flag, "-cf", archive, "-C", folder, ...readdirSync(folder)]);
    };

    it("brings everything to the other machine: content, permissions, links", async () => {
        const { digest, bytes } = await packed();
        assert.equal(bytes, statSync(archive).size);
        const target = await unpack(archive, key, context, digest);
        assert.equal(target, join(directory, "cache/toolchain", key));
        assert.equal(readFileSync(join(target, "bin/tool"), "utf8"), "#!/bin/sh\n");
        assert.equal(statSync(join(target, "bin/tool")).mode & 0o777, 0o755);
        assert.equal(readlinkSync(join(target, "bin/alias")), "tool");
        assert.deepEqual(readdirSync(join(directory, "cache/toolchain")), [key]);
    });

    it("refuses tools of another version", async () => {
        await packed();
        await assert.rejects(
            unpack(archive, "f".repeat(16), context),
            /another version of this project \(key 0123456789abcdef/,
        );
        assert.deepEqual(readdirSync(join(directory, "cache/toolchain")), []);
    });

    it("refuses an archive whose digest is another", async () => {
        await packed();
        await assert.rejects(unpack(archive, key, context, "sha256:00"), /its digest is sha256:.*, expected sha256:00/);
    });

    it("refuses altered, added and missing files, and says which", async () => {
        await packed();
        tamper((folder) => {
            writeFileSync(join(folder, key, "bin/tool"), "evil");
            writeFileSync(join(folder, key, "bin/extra"), "");
            rmSync(join(folder, key, "bin/alias"));
        });
        await assert.rejects(unpack(archive, key, context), (error: Error) => {
            assert.match(error.message, /3 of its files are not as packed/);
            for (const problem of ["bin/tool: altered", "bin/extra: not in the list", "bin/alias: missing"])
                assert.ok(error.message.includes(problem), problem);
            return true;
        });
        assert.deepEqual(readdirSync(join(directory, "cache/toolchain")), []);
    });

    it("refuses what is no archive, no archive of this kind, or not there", async () => {
        writeFileSync(archive, "text that is not compressed");
        await assert.rejects(unpack(archive, key, context), /neither a zstd nor a gzip file/);
        writeFileSync(join(directory, "x"), "");
        execFileSync("tar", ["-czf", archive, "-C", directory, "x"]);
        await assert.rejects(unpack(archive, key, context), /no archive made by "npm run tools -- pack"/);
        await assert.rejects(unpack(join(directory, "none"), key, context), /does not exist/);
        writeFileSync(archive, Buffer.from("1f8b0800", "hex"));
        await assert.rejects(unpack(archive, key, context), /cannot be read/);
    });

    it("does not overwrite a file, and leaves none behind when it fails", async () => {
        writeFileSync(archive, "precious");
        await assert.rejects(packed(), /exists/);
        assert.equal(readFileSync(archive, "utf8"), "precious");
    });

    it("clean removes other versions and leftovers, and keeps the current tools and Go's caches", () => {
        const cache = join(directory, "cache");
        for (const path of [
            "toolchain/old",
            `toolchain/${key}`,
            "toolchain/.staged-0123456789ab",
            "go/build",
            "logs",
            "mine",
        ])
            mkdirSync(join(cache, path), { recursive: true });
        const names = (options: object) =>
            removable({ currentKey: key, ...options }, cache).map((path) => path.slice(cache.length + 1));
        assert.deepEqual(names({}).sort(), ["logs", "toolchain/.staged-0123456789ab", "toolchain/old"]);
        assert.ok(names({ go: true }).includes("go"));
        assert.ok(names({ all: true }).includes(`toolchain/${key}`));
        assert.ok(!names({ all: true }).includes("mine"));
    });
});
