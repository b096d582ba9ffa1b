/** Work that is done one piece after the other, as by a pod with too little CPU: who comes later waits for who was before. */
export class Turns {
    private freeAt = 0;

    /**
     * Takes the next turn.
     *
     * @param duration Milliseconds that the piece takes.
     * @returns Milliseconds until it is done.
     */
    take(duration: number, now = performance.now()): number {
        this.freeAt = Math.max(this.freeAt, now) + duration;
        return this.freeAt - now;
    }
}
