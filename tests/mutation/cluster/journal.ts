import {
    closeSync,
    existsSync,
    fsyncSync,
    mkdirSync,
    openSync,
    readFileSync,
    renameSync,
    rmSync,
    writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { PlainObject, Reference } from "./api";

/**
 * How to undo what was changed, kept in a file from before the change until after it was undone: a run that was killed
 * is put right by the next one.
 */

/** One change: what to do to undo it. */
export type Undo =
    /** The object was changed or removed: this is the original. */
    | { action: "restore"; original: PlainObject }
    /** The object was made: it must go. */
    | { action: "delete"; reference: Reference };

const reference = z.object({ kind: z.string(), namespace: z.string(), name: z.string() });
const entries = z.object({
    process: z.int(),
    mutation: z.string(),
    undo: z.array(
        z.discriminatedUnion("action", [
            z.object({
                action: z.literal("restore"),
                original: z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) }),
            }),
            z.object({ action: z.literal("delete"), reference }),
        ]),
    ),
});

export class Journal {
    private undo: Undo[] = [];

    private constructor(
        private readonly file: string,
        private mutation: string,
    ) {}

    /**
     * Opens the journal of a stack; what an earlier run has left is in {@link pending}.
     *
     * @throws Error when another run is using it.
     */
    static open(file: string): Journal {
        const journal = new Journal(file, "");
        if (!existsSync(file)) return journal;
        const result = entries.safeParse(JSON.parse(readFileSync(file, "utf8")));
        if (!result.success) throw new Error(`${file} is not readable:\n${z.prettifyError(result.error)}`);
        if (result.data.process !== process.pid && isRunning(result.data.process))
            throw new Error(
                `another run of the mutations is under way (process ${result.data.process}); wait for its end`,
            );
        journal.mutation = result.data.mutation;
        journal.undo = result.data.undo as unknown as Undo[];
        return journal;
    }

    /** What is still to be undone, the newest first. */
    get pending(): readonly Undo[] {
        return [...this.undo].reverse();
    }

    /** Name of the mutation that {@link pending} belongs to. */
    get mutationName(): string {
        return this.mutation;
    }

    begin(mutation: string): void {
        this.mutation = mutation;
        this.undo = [];
        this.save();
    }

    add(undo: Undo): void {
        this.undo.push(undo);
        this.save();
    }

    done(undo: Undo): void {
        this.undo = this.undo.filter((entry) => entry !== undo);
        this.save();
    }

    /** Everything was undone. */
    close(): void {
        this.undo = [];
        rmSync(this.file, { force: true });
    }

    private save(): void {
        mkdirSync(dirname(this.file), { recursive: true });
        const temporary = `${this.file}.new`;
        const handle = openSync(temporary, "w", 0o600);
        try {
            writeSync(
                handle,
                JSON.stringify({ process: process.pid, mutation: this.mutation, undo: this.undo }, null, 2),
            );
            fsyncSync(handle);
        } finally {
            closeSync(handle);
        }
        renameSync(temporary, this.file);
    }
}

function isRunning(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "EPERM";
    }
}
