import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ManifestText } from "./documents";

const MANIFEST = /\.(ya?ml|json)$/;

/** What tools keep for themselves: no manifests. */
const SKIPPED = new Set(["node_modules", ".git"]);

/** Files that are written for a tool, not for a cluster, though they are YAML with a `kind` or templates. */
const TOOL_FILES = /^(kustomization\.ya?ml|Chart\.ya?ml|values.*\.ya?ml|package(-lock)?\.json|tsconfig.*\.json)$/;

/**
 * The texts of files and folders, in the order of their names; `-` is what standard input holds.
 * A folder gives its files `*.yaml`, `*.yml` and `*.json`, those of folders in it included.
 *
 * @throws Error naming a path that cannot be read.
 */
export function readTexts(paths: readonly string[], readInput = () => readFileSync(0, "utf8")): ManifestText[] {
    return paths.flatMap((path) => {
        if (path === "-") return [{ file: "<stdin>", text: readInput() }];
        return [...filesOf(path)].map((file) => ({ file, text: readFileSync(file, "utf8") }));
    });
}

function* filesOf(path: string): Iterable<string> {
    if (!statSync(path).isDirectory()) {
        yield path;
        return;
    }
    const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
        if (SKIPPED.has(entry.name)) continue;
        const inner = join(path, entry.name);
        if (entry.isDirectory() || (entry.isSymbolicLink() && statSync(inner).isDirectory())) yield* filesOf(inner);
        else if (MANIFEST.test(entry.name) && !TOOL_FILES.test(entry.name)) yield inner;
    }
}
