import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acquireLock, LockOwner, withLock } from "../../../tools/lock";

describe("tools: lock", () => {
    let directory: string;
    let file: string;
    beforeEach(() => {
        directory = mkdtempSync(join(tmpdir(), "lock-"));
        file = join(directory, "build.lock");
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    const options = { purpose: "testing", interval: 5 };

    it("is held by one at a time, also within a process", async () => {
        let inside = 0;
        let most = 0;
        const work = () =>
            withLock(file, options, async () => {
                most = Math.max(most, ++inside);
                await new Promise((resolve) => setTimeout(resolve, 5));
                inside--;
            });
        await Promise.all([work(), work(), work(), work()]);
        assert.equal(most, 1);
        assert.deepEqual(readdirSync(directory), []);
    });

    it("is given back when the work fails", async () => {
        await assert.rejects(
            withLock(file, options, () => Promise.reject(new Error("no"))),
            /no/,
        );
        assert.ok(!existsSync(file));
    });

    it("tells who holds it, once", async () => {
        const held = await acquireLock(file, { purpose: "building cluster tools" });
        const seen: LockOwner[] = [];
        const waiting = acquireLock(file, { ...options, onWait: (owner) => seen.push(owner) });
        setTimeout(() => held.release(), 40);
        (await waiting).release();
        assert.deepEqual(
            seen.map(({ pid, purpose }) => ({ pid, purpose })),
            [{ pid: process.pid, purpose: "building cluster tools" }],
        );
    });

    it("stops waiting when told to", async () => {
        const held = await acquireLock(file, options);
        const controller = new AbortController();
        const waiting = acquireLock(file, { ...options, signal: controller.signal });
        controller.abort();
        await assert.rejects(waiting, /Stopped/);
        held.release();
    });

    it("is taken over from a process that was killed", async () => {
        const script = `require("tsx/cjs");
            require(${JSON.stringify(join(__dirname, "../../../tools/lock"))})
                .acquireLock(${JSON.stringify(file)}, { purpose: "dying" }).then(() => process.kill(process.pid, "SIGKILL"))`;
        assert.equal(spawnSync(process.execPath, ["-e", script]).signal, "SIGKILL");
        assert.ok(existsSync(file));
        (await acquireLock(file, options)).release();
        assert.deepEqual(readdirSync(directory), []);
    });

    it("is taken over when the pid belongs to a later process by now", async () => {
        const child = spawn("sleep", ["60"]);
        try {
            const held = await acquireLock(file, options);
            const owner = JSON.parse(readFileSync(file, "utf8")) as LockOwner;
            held.release();
            writeFileSync(file, JSON.stringify({ ...owner, pid: child.pid, started: "1" }));
            (await acquireLock(file, options)).release();
        } finally {
            child.kill();
        }
    });

    it("is respected while a holder elsewhere renews it, and taken over a minute after it stopped", async () => {
        const elsewhere = { pid: 1, started: "1", scope: "another machine", purpose: "building", nonce: "n" };
        writeFileSync(file, JSON.stringify(elsewhere));
        const controller = new AbortController();
        setTimeout(() => controller.abort(), 40);
        await assert.rejects(acquireLock(file, { ...options, signal: controller.signal }), /Stopped/);
        const old = new Date(Date.now() - 61_000);
        utimesSync(file, old, old);
        (await acquireLock(file, options)).release();
    });
});
