import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "./cache";

/** What is noted about a finished part of a toolchain. */
export interface PartNote {
    /** Digest of all that the part was made from: another one means that it must be made again. */
    inputs: string;
    /** Where it came from, for reports: one sentence. */
    provenance: string;
    /** For an image: its name, its archive relative to the toolchain and its id. */
    image?: { name: string; archive: string; digest: string };
}

/** The notes of a toolchain's finished parts; a part without its note is not finished. */
export class PartNotes {
    /** @param directory The toolchain's folder. */
    constructor(private readonly directory: string) {}

    /** The note of a part, if it was made from these inputs and its file is still there. */
    find(part: string, inputs: string, file: string): PartNote | undefined {
        const note = this.read(part);
        return note?.inputs === inputs && existsSync(join(this.directory, file)) ? note : undefined;
    }

    /** The note of a part whatever it was made from. */
    read(part: string): PartNote | undefined {
        try {
            return JSON.parse(readFileSync(this.file(part), "utf8")) as PartNote;
        } catch {
            return undefined;
        }
    }

    /** Notes that a part is finished. */
    write(part: string, note: PartNote): void {
        writeAtomically(this.file(part), `${JSON.stringify(note, undefined, 2)}\n`);
    }

    private file(part: string): string {
        return join(this.directory, "parts", `${part.replaceAll("/", "-")}.json`);
    }
}
