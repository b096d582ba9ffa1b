import { type Maybe, UNKNOWN } from "./unknown";

/**
 * A place inside an object: a value and the path that leads to it (`spec.http[0].timeout`).
 * Reading never throws: a missing parent gives missing children, an unknown parent unknown ones, and a value of
 * another type than asked for counts as missing (the API server's schema reports types, these rules report meaning).
 */
export class Field {
    constructor(
        readonly value: unknown,
        readonly path: string,
    ) {}

    /** The field or list element below this one. */
    get(...keys: (string | number)[]): Field {
        return keys.reduce<Field>((field, key) => field.child(key), this);
    }

    get isUnknown(): boolean {
        return this.value === UNKNOWN;
    }

    /** Present, be it with an unknown value. */
    get isSet(): boolean {
        return this.value !== undefined && this.value !== null;
    }

    text(): Maybe<string> {
        return this.isUnknown ? UNKNOWN : typeof this.value === "string" ? this.value : undefined;
    }

    number(): Maybe<number> {
        return this.isUnknown ? UNKNOWN : typeof this.value === "number" ? this.value : undefined;
    }

    boolean(): Maybe<boolean> {
        return this.isUnknown ? UNKNOWN : typeof this.value === "boolean" ? this.value : undefined;
    }

    /** The elements of a list; empty when the field is missing, unknown or no list. */
    items(): Field[] {
        return Array.isArray(this.value)
            ? this.value.map((item, index) => new Field(item, `${this.path}[${index}]`))
            : [];
    }

    /** Whether the list's contents may differ from {@link items}: the list or one of its elements is unknown. */
    get isPartial(): boolean {
        return this.isUnknown || (Array.isArray(this.value) && this.value.includes(UNKNOWN));
    }

    /** The names of the fields set below this one. */
    keys(): string[] {
        return isObject(this.value) ? Object.keys(this.value).filter((key) => this.child(key).isSet) : [];
    }

    private child(key: string | number): Field {
        const path = typeof key === "number" ? `${this.path}[${key}]` : join(this.path, key);
        if (this.isUnknown) return new Field(UNKNOWN, path);
        if (Array.isArray(this.value) && typeof key === "number") return new Field(this.value[key], path);
        return new Field(isObject(this.value) ? this.value[key] : undefined, path);
    }
}

/** `parent.key`; a key that is no plain word is quoted: `metadata.labels["app.kubernetes.io/name"]`. */
function join(parent: string, key: string): string {
    if (!/^\w[\w-]*$/.test(key)) return `${parent}[${JSON.stringify(key)}]`;
    return parent === "" ? key : `${parent}.${key}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
