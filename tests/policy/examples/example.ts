import type { Settings } from "../../../policy/settings";
import type { GoodCloud } from "../good-cloud";
import type { GoodMesh } from "../good-mesh";

/** A stack: the good mesh on the good cloud, with changes. */
export interface Situation {
    mesh?(mesh: GoodMesh): unknown;
    cloud?(cloud: GoodCloud): unknown;
    readonly settings?: Partial<Settings>;
}

/** What shows that a rule does its work. */
export interface Example {
    /** What this rule finds fault with. */
    readonly bad: Situation;
    /** `Kind/namespace/name field` of what it reports, in order. */
    readonly found: readonly string[];
    /** What looks similar and is right: no rule says anything. Default: the good mesh on the good cloud. */
    readonly good?: Situation;
}

/** Rule -> its example. */
export type Examples = Readonly<Record<string, Example>>;
