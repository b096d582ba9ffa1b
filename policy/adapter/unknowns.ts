import { UnknownValueError } from "@pulumi/policy";
import { UNKNOWN } from "../model/unknown";

/**
 * A resource's properties as plain data. The policy SDK throws when an unknown value is read;
 * here such a value becomes {@link UNKNOWN}.
 */
export function toPlain(value: unknown): unknown {
    if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => readItem(value, index));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.keys(value).map((key) => [key, readItem(value as Record<string, unknown>, key)]));
}

function readItem(parent: object, key: string | number): unknown {
    try {
        return toPlain((parent as Record<string | number, unknown>)[key]);
    } catch (error) {
        if (error instanceof UnknownValueError) return UNKNOWN;
        throw error;
    }
}
