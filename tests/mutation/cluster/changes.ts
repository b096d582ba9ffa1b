import { until } from "../../verification/wait";
import { ApiError, display, PlainApi, type PlainObject, type Reference, referenceTo } from "./api";
import { Journal, type Undo } from "./journal";

/** Milliseconds for one change to be accepted although others write to the same object. */
const conflictLimit = 10_000;
/** Milliseconds for one change to be undone: istiod, which may have been stopped, answers for Istio's objects. */
const undoLimit = 60_000;

/** Changes objects of the cluster and undoes it: what is not changed through this class is not undone. */
export class Changes {
    constructor(
        private readonly api: PlainApi,
        private readonly journal: Journal,
    ) {}

    /** Changes an object in place. */
    async edit(reference: Reference, change: (object: PlainObject) => void): Promise<void> {
        const original = await this.existing(reference);
        this.journal.add({ action: "restore", original });
        await this.write(reference, change);
    }

    /** Changes an object for as long as `body` runs. */
    async temporarily(
        reference: Reference,
        change: (object: PlainObject) => void,
        body: () => Promise<void>,
    ): Promise<void> {
        const entry: Undo = { action: "restore", original: await this.existing(reference) };
        this.journal.add(entry);
        try {
            await this.write(reference, change);
            await body();
        } finally {
            await this.undoOne(entry);
            this.journal.done(entry);
        }
    }

    async remove(reference: Reference): Promise<void> {
        this.journal.add({ action: "restore", original: await this.existing(reference) });
        await this.api.delete(reference);
    }

    async create(object: PlainObject): Promise<void> {
        const reference = referenceTo(object);
        if (await this.api.get(reference)) throw new Error(`${display(reference)} is there already`);
        this.journal.add({ action: "delete", reference });
        await this.api.create(object);
    }

    /** Deletes a pod, whose controller makes another one; there is nothing to undo about it. */
    async deletePod(reference: Reference): Promise<void> {
        await this.api.delete(reference);
    }

    /** Has an object, which came to be as a consequence of a change, deleted when the changes are undone. */
    deleteAfterwards(reference: Reference): void {
        this.journal.add({ action: "delete", reference });
    }

    /** Undoes everything that is in the journal, the newest change first. Can be repeated after a failure. */
    async undo(): Promise<void> {
        for (const entry of this.journal.pending) {
            await this.undoOne(entry);
            this.journal.done(entry);
        }
        this.journal.close();
    }

    private async undoOne(entry: Undo): Promise<void> {
        if (entry.action === "delete") return this.api.delete(entry.reference);
        const { original } = entry;
        const reference = referenceTo(original);
        await until(
            `${display(reference)} is there as before`,
            async () => {
                const current = await this.api.get(reference);
                if (current?.metadata["deletionTimestamp"]) return false;
                try {
                    if (current) await this.api.replace(restored(original, current));
                    else await this.api.create(fresh(original));
                    return true;
                } catch (error) {
                    if (isConflict(error) || isWebhookAway(error)) return false;
                    throw error;
                }
            },
            { deadline: undoLimit },
        );
    }

    private async write(reference: Reference, change: (object: PlainObject) => void): Promise<void> {
        await until(
            `the change of ${display(reference)} is accepted`,
            async () => {
                const object = await this.existing(reference);
                change(object);
                try {
                    await this.api.replace(object);
                    return true;
                } catch (error) {
                    if (isConflict(error)) return false;
                    throw error;
                }
            },
            { deadline: conflictLimit },
        );
    }

    private async existing(reference: Reference): Promise<PlainObject> {
        const object = await this.api.get(reference);
        if (!object) throw new Error(`there is no ${display(reference)} to change`);
        return object;
    }
}

const isConflict = (error: unknown): boolean => error instanceof ApiError && error.status === 409;

/** Whether nobody was there to validate the object: the API server's words. */
const isWebhookAway = (error: unknown): boolean =>
    error instanceof ApiError && error.status === 500 && error.message.includes("failed calling webhook");

/** Undoes what the journal of an earlier run holds, if it holds anything. */
export async function undoPending(api: PlainApi, file: string, onUndo: (name: string) => void): Promise<void> {
    const journal = Journal.open(file);
    if (journal.pending.length === 0) return;
    onUndo(journal.mutationName);
    await new Changes(api, journal).undo();
}

/** The current object with everything that a person declares as in the original; its status is the server's. */
function restored(original: PlainObject, current: PlainObject): PlainObject {
    const { labels, annotations } = original.metadata;
    return {
        ...original,
        status: undefined,
        metadata: { ...current.metadata, labels, annotations },
    } as PlainObject;
}

/** The original as a new object. */
function fresh(original: PlainObject): PlainObject {
    const { name, namespace, labels, annotations } = original.metadata;
    return { ...original, status: undefined, metadata: { name, namespace, labels, annotations } } as PlainObject;
}
