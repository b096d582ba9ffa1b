import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { componentTypes } from "./components";

export interface Place {
    /** Relative to the project. */
    readonly file: string;
    readonly line: number;
}

/** Finds the lines of the program that resources come from: where their outermost component says its type. */
export class Locator {
    private readonly places: ReadonlyMap<string, Place>;

    /** @param sources Files of the program, and their texts. */
    constructor(sources: Iterable<readonly [file: string, text: string]>) {
        const places = new Map<string, Place>();
        for (const [file, text] of sources)
            text.split("\n").forEach((content, index) => {
                for (const [, type] of content.matchAll(/["'`](istio-platform:[\w-]+:\w+)["'`]/g))
                    if (type && !places.has(type)) places.set(type, { file, line: index + 1 });
            });
        this.places = places;
    }

    /** The components of a project's folder. */
    static of(directory: string): Locator {
        const files = readdirSync(join(directory, "components"), { recursive: true, encoding: "utf8" })
            .filter((file) => file.endsWith(".ts"))
            .map((file) => `components/${file}`)
            .sort();
        return new Locator(files.map((file) => [file, readFileSync(join(directory, file), "utf8")]));
    }

    /** Where to look for a resource; `index.ts` for those of no component. */
    of(urn: string | undefined): Place {
        const types = urn === undefined ? [] : componentTypes(urn);
        return (
            types.map((type) => this.places.get(type)).find((place) => place !== undefined) ?? {
                file: "index.ts",
                line: 1,
            }
        );
    }
}
