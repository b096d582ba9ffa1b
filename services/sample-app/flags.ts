/**
 * Command-line flags as Go's `flag` package reads them, because the documents' manifests are written for a Go program
 * (hashicorp/http-echo): `-name=value`, `-name value`, `--name=value`; the first argument that is not a flag, or `--`,
 * ends the flags.
 */

/** A command line that does not fit the declared flags. */
export class FlagError extends Error {}

/** What a command line said: every value of every flag in order, and the arguments after the flags. */
export interface ParsedFlags {
    readonly values: ReadonlyMap<string, readonly string[]>;
    readonly rest: readonly string[];
}

/**
 * Reads `args` against the declared flag names; every flag takes a value and may be repeated.
 *
 * @throws FlagError for an undeclared flag or a missing value.
 */
export function parseFlags(args: readonly string[], declared: readonly string[]): ParsedFlags {
    const values = new Map<string, string[]>();
    let position = 0;
    while (position < args.length) {
        const arg = args[position] as string;
        if (arg === "--") return { values, rest: args.slice(position + 1) };
        const match = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(arg);
        if (!match) break;
        position += 1;
        const name = match[1] as string;
        if (!declared.includes(name)) {
            const known = declared.map((flag) => `-${flag}`).join(", ");
            throw new FlagError(`flag provided but not defined: -${name} (defined: ${known})`);
        }
        let value = match[2];
        if (value === undefined) {
            value = args[position];
            if (value === undefined) throw new FlagError(`flag needs an argument: -${name}`);
            position += 1;
        }
        values.set(name, [...(values.get(name) ?? []), value]);
    }
    return { values, rest: args.slice(position) };
}

/** The last value given for a flag, as Go's flags take it. */
export function lastValue(flags: ParsedFlags, name: string): string | undefined {
    return flags.values.get(name)?.at(-1);
}
