import { watch, type FSWatcher } from "node:fs";
import { join, resolve, sep } from "node:path";
import type { Spec } from "../spec";

/** The suite's own files while they are being edited: which changed, and the specs as they are now. */

const suite = resolve(__dirname, "..");
/** What can be loaded anew while the suite runs: the specs and what only they use. */
const reloadable = ["specs", "statistics"].map((folder) => join(suite, folder) + sep);
/** The module that lists all specs. */
const list = join(suite, "specs", "index.ts");

/** Calls `onChange` with the path of each file of the specs that is saved, until the signal aborts. */
export function watchFiles(onChange: (file: string) => void, signal: AbortSignal): void {
    for (const folder of reloadable) {
        const watcher: FSWatcher = watch(folder, { recursive: true, signal }, (_, name) => {
            if (name?.endsWith(".ts")) onChange(join(folder, name));
        });
        // A folder that is being replaced; the next change is noticed again.
        watcher.on("error", () => undefined);
    }
}

/**
 * Loads the specs anew after some of their files have changed.
 *
 * @returns All specs, and those among them that the changed files take part in.
 * @throws What the changed files throw when they are loaded, for example a syntax error.
 */
export function reloadSpecs(changed: readonly string[]): { specs: readonly Spec[]; concerned: Spec[] } {
    for (const file of Object.keys(require.cache))
        if (reloadable.some((folder) => file.startsWith(folder))) delete require.cache[file];
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded anew after every change
    const { specs } = require(list) as { specs: readonly Spec[] };
    const modules = Object.values(require.cache).filter((module) => module !== undefined);
    return {
        specs,
        concerned: specs.filter((spec) => {
            const home = modules.find(({ filename, exports }) => filename !== list && holds(exports, spec));
            return home !== undefined && changed.some((file) => dependsOn(home, file, new Set()));
        }),
    };
}

function holds(exports: unknown, spec: Spec): boolean {
    return typeof exports === "object" && exports !== null && Object.values(exports).includes(spec);
}

function dependsOn(module: NodeJS.Module, file: string, seen: Set<NodeJS.Module>): boolean {
    if (module.filename === file) return true;
    if (seen.has(module)) return false;
    seen.add(module);
    return module.children.some((child) => child.filename.startsWith(suite) && dependsOn(child, file, seen));
}
