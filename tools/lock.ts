import { randomBytes } from "node:crypto";
import {
    linkSync,
    mkdirSync,
    readFileSync,
    readlinkSync,
    renameSync,
    rmSync,
    statSync,
    utimesSync,
    writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { throwIfAborted } from "./errors";

/** Who holds a lock. */
export interface LockOwner {
    pid: number;
    /** When the process started, in the kernel's clock ticks: tells a process from a later one with the same pid. */
    started: string;
    /** Machine, boot and PID namespace in which the pid means something. */
    scope: string;
    /** What the holder does, for those who wait. */
    purpose: string;
    nonce: string;
}

/** A held lock. */
export interface Lock {
    /** Gives the lock back. */
    release(): void;
}

/** How to wait for a lock. */
export interface LockOptions {
    purpose: string;
    signal?: AbortSignal;
    /** Called once when the lock is held by somebody else. */
    onWait?(owner: LockOwner): void;
    /** Time between two attempts in milliseconds. Default: 200. */
    interval?: number;
}

/** The holder renews the lock this often; where its process cannot be looked up, a lock not renewed for {@link expiry} is stale. */
const renewal = 5_000;
const expiry = 60_000;

/**
 * Takes a lock between processes. The lock is a file; one left by a process that ended without releasing it is noticed
 * and taken over at once on the same machine, and after a minute when its holder lives where this process cannot see it.
 */
export async function acquireLock(file: string, options: LockOptions): Promise<Lock> {
    mkdirSync(dirname(file), { recursive: true });
    const owner: LockOwner = { ...self(), purpose: options.purpose, nonce: randomBytes(8).toString("hex") };
    let announced = false;
    while (!tryLock(file, owner)) {
        throwIfAborted(options.signal);
        const holder = readOwner(file);
        if (holder && isStale(file, holder)) {
            takeAway(file, holder);
            continue;
        }
        if (holder && !announced) {
            announced = true;
            options.onWait?.(holder);
        }
        await delay(options.interval ?? 200);
    }
    const timer = setInterval(() => renew(file), renewal);
    timer.unref();
    return {
        release() {
            clearInterval(timer);
            if (readOwner(file)?.nonce === owner.nonce) rmSync(file, { force: true });
        },
    };
}

/** Runs a function while holding a lock. */
export async function withLock<T>(file: string, options: LockOptions, action: () => Promise<T>): Promise<T> {
    const lock = await acquireLock(file, options);
    try {
        return await action();
    } finally {
        lock.release();
    }
}

/** Creates the lock with its content in one step: link() fails when the name exists. */
function tryLock(file: string, owner: LockOwner): boolean {
    const staged = `${file}.${owner.nonce}`;
    writeFileSync(staged, JSON.stringify(owner));
    try {
        linkSync(staged, file);
        return true;
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
        throw error;
    } finally {
        rmSync(staged, { force: true });
    }
}

/** Removes a stale lock, unless somebody else has done so and holds a new one meanwhile: that one is put back. */
function takeAway(file: string, stale: LockOwner): void {
    const aside = `${file}.${randomBytes(8).toString("hex")}`;
    try {
        renameSync(file, aside);
        if (readOwner(aside)?.nonce !== stale.nonce) linkSync(aside, file);
    } catch {
        // Somebody else was faster.
    } finally {
        rmSync(aside, { force: true });
    }
}

function isStale(file: string, owner: LockOwner): boolean {
    const here = self();
    if (owner.scope === here.scope) return startOf(owner.pid) !== owner.started;
    try {
        return Date.now() - statSync(file).mtimeMs > expiry;
    } catch {
        return false;
    }
}

function readOwner(file: string): LockOwner | undefined {
    try {
        return JSON.parse(readFileSync(file, "utf8")) as LockOwner;
    } catch {
        return undefined;
    }
}

function renew(file: string): void {
    try {
        utimesSync(file, new Date(), new Date());
    } catch {
        // It is gone when this process is about to end.
    }
}

function self(): Pick<LockOwner, "pid" | "started" | "scope"> {
    return { pid: process.pid, started: startOf(process.pid) ?? "", scope: scope() };
}

function scope(): string {
    try {
        return [readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(), readlinkSync("/proc/self/ns/pid")].join(
            " ",
        );
    } catch {
        return hostname();
    }
}

/** When a process started; undefined when there is none with this pid. */
function startOf(pid: number): string | undefined {
    try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return state === "Z" ? undefined : rest[18];
    } catch {
        return existsWithoutProc(pid) ? "" : undefined;
    }
}

/** On systems without /proc: whether there is a process with this pid. */
function existsWithoutProc(pid: number): boolean {
    if (process.platform === "linux") return false;
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "EPERM";
    }
}
