/** Bounds how many asynchronous tasks run at once. */
export class Semaphore {
    private readonly waiting: (() => void)[] = [];
    private running = 0;

    constructor(private readonly limit: number) {}

    async use<T>(task: () => Promise<T>): Promise<T> {
        if (this.running >= this.limit) await new Promise<void>((resolve) => this.waiting.push(resolve));
        this.running++;
        try {
            return await task();
        } finally {
            this.running--;
            this.waiting.shift()?.();
        }
    }
}
