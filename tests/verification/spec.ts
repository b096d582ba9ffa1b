import type { PlatformConfig } from "../../components/config/platform";
import type { Feature } from "./features";
import type { ObjectReference, Pod, Target } from "./target/target";

/** A behaviour of the mesh as one self-describing value. The runner knows nothing about any of them. */

/** One line of the report: green, red or skipped. Its title stays the same for every environment. */
export interface Check {
    /** Requirements that the check proves. */
    ids: readonly string[];
    /** Begins with the ids, so that `--grep E5` selects it. */
    title: string;
    /** Features without which this check alone is skipped, beside those of its spec. */
    needs?: readonly Feature[];
}

/** Something that a spec disturbs (`exclusive`) or needs undisturbed while others may look at it too (`shared`). */
export interface Lock {
    /** For example `gateway:egov-hello`: the gateway's view of the service egov-hello. */
    resource: string;
    mode: "exclusive" | "shared";
}

/** What is saved when one of the spec's checks goes red. */
export interface EvidenceScope {
    /** Pods whose proxies' configuration and statistics, and whose logs are saved. */
    pods?: readonly Pod[];
    /** Objects that are saved as YAML. */
    objects?: readonly ObjectReference[];
    /** Part of the names of the clusters that matter in the proxies. */
    clusters?: readonly string[];
}

/** What a running spec is given. */
export interface Context<Key extends string> {
    readonly target: Target;
    readonly config: PlatformConfig;
    /** Aborted at the suite's deadline and when the run is interrupted. */
    readonly signal: AbortSignal;
    /** Whether one of the checks will be made: work that only others need can be left out. */
    wanted(...keys: Key[]): boolean;
    /**
     * Makes a check: its outcome is that of `body`. A failure ends the caller too, so that checks which build on it
     * count as "not reached"; independent checks are made by {@link all} and {@link inOrder}. Does nothing where it was not selected or is skipped.
     *
     * @param body May answer with files that are kept with the report although the check has passed: name -> content.
     */
    check(key: Key, body: () => Promise<void | Readonly<Record<string, string>>>): Promise<void>;
    /** Runs independent parts side by side and waits for all of them before the first failure ends the caller. */
    all(...parts: (() => Promise<void>)[]): Promise<void>;
    /** Runs independent parts one after the other, all of them, before the first failure ends the caller. */
    inOrder(...parts: (() => Promise<void>)[]): Promise<void>;
    /** Says what is being waited for. */
    progress(what: string): void;
}

export interface Spec<Key extends string = string> {
    /** Short name, unique; names the evidence folder. */
    name: string;
    /** What is proved, and how. */
    description: string;
    /** Features without which the spec is skipped. */
    needs: readonly Feature[];
    locks(config: PlatformConfig): readonly Lock[];
    /** Waits so long that it is started before all others, or the whole suite would take longer. Its place in the report stays. */
    startsFirst?: boolean;
    checks: Readonly<Record<Key, Check>>;
    evidence(target: Target): Promise<EvidenceScope>;
    run(context: Context<Key>): Promise<void>;
}

/** Keeps the keys of a spec's checks typed. */
export function defineSpec<Key extends string>(spec: Spec<Key>): Spec {
    return spec as unknown as Spec;
}

export const exclusive = (...resources: string[]): Lock[] =>
    resources.map((resource) => ({ resource, mode: "exclusive" }));
export const shared = (...resources: string[]): Lock[] => resources.map((resource) => ({ resource, mode: "shared" }));
