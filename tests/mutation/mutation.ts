import type { PlatformConfig } from "../../components/config/platform";
import type { Feature } from "../verification/features";
import type { Changes } from "./cluster/changes";
import type { Mesh } from "./cluster/mesh";
import type { SuiteName } from "../verification/specs";

/**
 * Checks of the verification suite: name of the spec -> keys of its checks. Keys and not titles, because a title may be
 * worded anew; a key that does not exist stops the run before anything is changed.
 */
export type CheckSet = Readonly<Record<string, readonly string[]>>;

/**
 * A way to break the running mesh, as one self-describing value. The runner knows nothing about any of them: it applies
 * one, waits until it is in force, runs the whole suite, compares the red checks with {@link expectRed}, and undoes it.
 */
export interface Mutation {
    /** Which suite notices it. Default: `behaviour`. */
    suite?: SuiteName;
    /** Never made beside others: it keeps them from coming into force, or hides that they are. */
    alone?: true;
    /** Short name, unique, in words with hyphens. */
    name: string;
    /** Requirements that the mutation violates; empty for an equivalent change. */
    ids: readonly string[];
    /** What is changed, in one sentence. */
    description: string;
    /** What the environment must declare, as for a spec; the mutation is left out where something is missing. */
    needs: readonly Feature[];
    /** Makes the change. Everything goes through `changes`, which remembers how to undo it. */
    apply(changes: Changes, mesh: Mesh): Promise<void>;
    /**
     * Looks at every place where the change shows, normally the configuration of the proxies: true where it does. The
     * mutation is in force when all are true, and gone when all are false.
     */
    traces(mesh: Mesh): Promise<boolean[]>;
    /** Exactly the checks that go red; empty for an equivalent change, which must turn nothing red. */
    expectRed: CheckSet | ((config: PlatformConfig) => CheckSet);
    /**
     * Checks that may go red or not: of a fault in one request of ten, the checks with few requests see something or do not.
     * Default: none, and nothing else than a share of the requests is a reason to name one.
     */
    mayRed?: CheckSet;
}
