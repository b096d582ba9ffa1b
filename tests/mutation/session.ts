import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { VerificationTarget } from "../verification/target/file";
import { Changes, undoPending } from "./cluster/changes";
import { Journal } from "./cluster/journal";
import { Mesh } from "./cluster/mesh";
import { awaitTraces } from "./cluster/traces";
import { quicken, quickened, tempoTraces } from "./tempo";

/** A mesh to break, and the target file that describes it to the suite. */
export interface Session {
    mesh: Mesh;
    targetFile: string;
    /** Remembers how to undo a mutation. */
    journalFile: string;
}

export interface SessionOptions {
    target: VerificationTarget;
    /** Folder for journals and the target file. */
    directory: string;
    /** Keep the declared times, however long they are. */
    realTime: boolean;
    signal: AbortSignal;
    print(line: string): void;
}

/**
 * Connects to the mesh, brings it to shorter times, lets `body` work, and brings it back. What an earlier run has left is
 * undone first.
 */
export async function inSession<T>(options: SessionOptions, body: (session: Session) => Promise<T>): Promise<T> {
    const { target, directory, realTime, signal, print } = options;
    const config = realTime ? target.config : quickened(target.config);
    const mesh = await Mesh.connect({ ...target, config });
    const journalFile = join(directory, `${target.stack}.json`);
    const tempoFile = join(directory, `${target.stack}-tempo.json`);
    try {
        const announce = (name: string) => print(`undoing ${name}, which an earlier run has left`);
        await undoPending(mesh.api, journalFile, announce);
        await undoPending(mesh.api, tempoFile, announce);
        const targetFile = join(directory, `${target.stack}-target.json`);
        mkdirSync(directory, { recursive: true });
        writeFileSync(targetFile, JSON.stringify({ ...target, config }, null, 4), { mode: 0o600 });
        const journal = Journal.open(tempoFile);
        const changes = new Changes(mesh.api, journal);
        try {
            if (!realTime) {
                journal.begin("the shorter times");
                await quicken(changes, config);
                await awaitTraces("the shorter times", () => tempoTraces(mesh), true, signal);
            }
            return await body({ mesh, targetFile, journalFile });
        } finally {
            await changes.undo();
        }
    } finally {
        await mesh.close();
    }
}
