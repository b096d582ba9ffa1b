import type { Field } from "../model/field";
import type { Mesh } from "../model/mesh";
import type { MeshObject } from "../model/object";
import { type Environment, overlooked, type Settings, strictSettings } from "../settings";
import type { Control } from "./standards";

/** How grave a violation is: what happens when it is deployed all the same. */
export type Severity = "critical" | "high" | "medium" | "low";

/** What a rule has found, in the words of its reader. */
export interface Finding {
    /** What is at fault: a Kubernetes object, or for the cloud under it a resource. */
    readonly object: Pick<MeshObject, "id" | "source">;
    /** Path of the field at fault: `spec.http[0].route[1].destination.subset`. */
    readonly field: string;
    /** What is wrong and what it causes. */
    readonly message: string;
    /** What to change. */
    readonly fix: string;
}

/** A finding under its rule's name, in plain values: what reports, SARIF and JSON are made of. */
export interface Violation {
    readonly rule: string;
    readonly severity: Severity;
    readonly enforcement: Enforcement;
    /** `Kind/namespace/name`. */
    readonly object: string;
    /** The object's URN, or file and line. */
    readonly source: string | undefined;
    readonly field: string;
    readonly message: string;
    readonly fix: string;
}

/** `mandatory` stops a deployment, `advisory` only speaks. */
export type Enforcement = "mandatory" | "advisory";

/** How a rule is enforced in an environment, if at all. */
export type Level = Enforcement | "disabled";

/** A rule: a small function over the model of the whole mesh. */
export interface Rule {
    /** Name in kebab case; never changes once published, since users configure rules by it. */
    readonly id: string;
    /** One line: what a good mesh looks like. */
    readonly title: string;
    /** What happens to requests when the rule is broken. */
    readonly reason: string;
    /** What to do, in general; each finding says it in particular. */
    readonly fix: string;
    readonly severity: Severity;
    /** One level for all environments, or one for each. */
    readonly enforcement: Level | Readonly<Record<Environment, Level>>;
    /** Where the rule comes from: requirement ids and documentation. */
    readonly sources?: readonly string[];
    /** Controls of published standards that ask for the same. */
    readonly standards?: readonly Control[];
    check(mesh: Mesh, settings: Settings): Iterable<Finding>;
}

/** Advice where somebody tries things out, a must where customers are. */
export const STRICT_IN_PROD = { local: "advisory", dev: "advisory", prod: "mandatory" } as const;

/** Only where customers are. */
export const PROD_ONLY = { local: "disabled", dev: "disabled", prod: "mandatory" } as const;

/** How an environment enforces a rule. */
export function levelIn({ enforcement }: Rule, environment: Environment): Level {
    return typeof enforcement === "string" ? enforcement : enforcement[environment];
}

/** A finding at a field. */
export function at(object: Finding["object"], field: Field | string, message: string, fix: string): Finding {
    return { object, field: typeof field === "string" ? field : field.path, message, fix };
}

/** Applies one rule, at the level of the environment, and leaves out what is exempt. */
export function check(rule: Rule, mesh: Mesh, settings: Settings = strictSettings()): Violation[] {
    const enforcement = levelIn(rule, settings.environment);
    if (enforcement === "disabled") return [];
    const isOverlooked = overlooked(rule.id, settings);
    return [...rule.check(mesh, settings)]
        .filter(({ object }) => !isOverlooked(object.id))
        .map(({ object, field, message, fix }) => ({
            rule: rule.id,
            severity: rule.severity,
            enforcement,
            object: object.id,
            source: object.source,
            field,
            message,
            fix,
        }));
}

/** Several names in a sentence: `a, b and c`; `none` for an empty list. */
export function list(names: Iterable<string>): string {
    const all = [...new Set(names)];
    if (all.length === 0) return "none";
    return all.length === 1 ? (all[0] as string) : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}

/** Names in quotation marks. */
export function quote(names: Iterable<string>): string[] {
    return [...names].map((name) => `"${name}"`);
}
