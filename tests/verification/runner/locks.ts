import type { Lock } from "../spec";

/**
 * Decides which specs may run side by side. A task takes all its locks at once or waits; tasks that want the same
 * resource get it in the order in which they asked, so nobody starves and nothing can deadlock.
 */
export class LockTable {
    private readonly held = new Map<string, { exclusive: boolean; holders: number }>();
    private readonly queue: { locks: readonly Lock[]; start: () => void }[] = [];

    /** Runs the task as soon as its locks are free. */
    async use<T>(locks: readonly Lock[], task: () => Promise<T>): Promise<T> {
        await new Promise<void>((start) => {
            this.queue.push({ locks, start });
            this.startWaiting();
        });
        try {
            return await task();
        } finally {
            for (const lock of locks) this.release(lock);
            this.startWaiting();
        }
    }

    private startWaiting(): void {
        const earlier: Lock[] = [];
        for (const entry of [...this.queue]) {
            const free = entry.locks.every(
                (lock) => this.isFree(lock) && !earlier.some((other) => conflict(lock, other)),
            );
            if (free) {
                this.queue.splice(this.queue.indexOf(entry), 1);
                for (const lock of entry.locks) this.take(lock);
                entry.start();
            } else earlier.push(...entry.locks);
        }
    }

    private isFree(lock: Lock): boolean {
        const state = this.held.get(lock.resource);
        return !state || (lock.mode === "shared" && !state.exclusive);
    }

    private take(lock: Lock): void {
        const state = this.held.get(lock.resource) ?? { exclusive: lock.mode === "exclusive", holders: 0 };
        state.holders++;
        this.held.set(lock.resource, state);
    }

    private release(lock: Lock): void {
        const state = this.held.get(lock.resource)!;
        if (--state.holders === 0) this.held.delete(lock.resource);
    }
}

function conflict(a: Lock, b: Lock): boolean {
    return a.resource === b.resource && (a.mode === "exclusive" || b.mode === "exclusive");
}
