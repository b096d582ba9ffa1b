import { type AwsType, type CloudResource, resourcesOf } from "../../model/cloud";
import type { Field } from "../../model/field";
import { at, type Level, type Rule } from "../rule";
import type { Control } from "../standards";

/** What a rule about one input of one type of resource needs to say. */
export interface Requirement<T extends AwsType> extends Pick<Rule, "id" | "title" | "reason" | "fix" | "severity"> {
    readonly standards: readonly Control[];
    readonly sources?: readonly string[];
    /** @default "mandatory" */
    readonly enforcement?: Level | Rule["enforcement"];
    readonly type: T;
    /** The place to look at. */
    at(resource: CloudResource<T>): Field;
    /** Whether a known value of it is right; absent: undefined. */
    isRight(value: unknown, resource: CloudResource<T>): boolean;
    /** What is wrong; the sentence goes on after the resource's name. */
    readonly says: string;
    /** What to change. */
    readonly change: string;
}

/** A rule about one input of one type of resource; a value that is not known yet is left alone. */
export function requires<T extends AwsType>(requirement: Requirement<T>): Rule {
    const { type, at: place, isRight, says, change, enforcement = "mandatory", ...rule } = requirement;
    return {
        ...rule,
        enforcement,
        *check(mesh) {
            for (const resource of resourcesOf(mesh.cloud, type)) {
                const field = place(resource);
                if (!field.isUnknown && !field.isPartial && !isRight(field.value ?? undefined, resource))
                    yield at(resource, field, says, change);
            }
        },
    };
}

/** Switched on; providers take the text as well as the value. */
export function isOn(value: unknown): boolean {
    return value === true || value === "true";
}

/** Switched off, or left to a default that is off. */
export function isOff(value: unknown): boolean {
    return !isOn(value);
}
