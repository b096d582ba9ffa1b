import { buildMesh, type MeshContext } from "../model/mesh";
import { checkMesh } from "../rules";
import type { Rule, Violation } from "../rules/rule";
import type { Settings } from "../settings";
import { type ManifestObject, type ManifestText, type Place, type Problem, readManifests } from "./documents";

/** A violation and where it is written. */
export interface LintFinding extends Violation {
    /** Undefined for what is written nowhere: an exemption that has ended. */
    readonly place: Place | undefined;
}

/** What the rules say about manifests. */
export interface LintResult {
    /** Number of objects. */
    readonly objects: number;
    readonly findings: readonly LintFinding[];
    /** What could not be read. The rules have judged the rest. */
    readonly problems: readonly Problem[];
}

/** Applies rules to manifests. What is not among them may exist elsewhere: they need not be a whole cluster. */
export function lint(texts: readonly ManifestText[], rules: readonly Rule[], settings: Settings): LintResult {
    const read = texts.map(readManifests);
    const objects = read.flatMap((manifests) => manifests.objects);
    const bySource = new Map(objects.map((object) => [object.source, object]));
    const context: MeshContext = { partial: true };
    const violations = checkMesh(buildMesh(objects, context), rules, settings);
    return {
        objects: objects.length,
        findings: violations.map((violation) => ({ ...violation, place: placeOf(violation, bySource) })),
        problems: read.flatMap(({ problems }) => problems),
    };
}

function placeOf({ source, field }: Violation, bySource: ReadonlyMap<string, ManifestObject>): Place | undefined {
    return source === undefined ? undefined : bySource.get(source)?.placeOf(field);
}
