import { createHash } from "node:crypto";
import { createReadStream, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** SHA-256 of texts or buffers, each delimited by its length, in hexadecimal. */
export function hashOf(...parts: (string | Buffer)[]): string {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
    return hash.digest("hex");
}

/** SHA-256 of a file's content, in hexadecimal; reads it piecewise. */
export async function hashOfFile(file: string): Promise<string> {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
    return hash.digest("hex");
}

/** All regular files below a folder, as sorted paths relative to it. */
export function filesBelow(directory: string): string[] {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(directory, join(entry.parentPath ?? entry.path, entry.name)))
        .sort();
}

/** SHA-256 of the names and contents of the files below a folder that the predicate accepts. */
export function hashOfFolder(directory: string, accept: (path: string) => boolean = () => true): string {
    const files = filesBelow(directory).filter(accept);
    return hashOf(...files.flatMap((file) => [file, readFileSync(join(directory, file))]));
}

/** SHA-256 of what the programs of a Go module are built from: sources without tests, and the files that pin the rest. */
export function hashOfGoModule(directory: string): string {
    return hashOfFolder(
        directory,
        (path) => (path.endsWith(".go") && !path.endsWith("_test.go")) || /^go\.(mod|sum)$/.test(path),
    );
}
