import { createRequire } from "node:module";

const packages = createRequire(__filename);

/** The version of an npm package of this project. */
export function packageVersion(name: string): string {
    return (packages(`${name}/package.json`) as { version: string }).version;
}

/** Version of Pulumi that this project is made with. */
export function pulumiVersion(): string {
    return packageVersion("@pulumi/pulumi");
}

/** Oldest version of the command line program that is used when it is found on PATH: older ones lack parts of the plugin protocol. */
export const OLDEST_USABLE = "3.200.0";

/** True when version `a` is `b` or newer; both are `x.y.z`. */
export function isAtLeast(a: string, b: string): boolean {
    const numbers = (version: string) => version.split(".").map((part) => parseInt(part, 10));
    const [left, right] = [numbers(a), numbers(b)];
    for (let index = 0; index < 3; index++) {
        const difference = (left[index] ?? 0) - (right[index] ?? 0);
        if (difference !== 0) return difference > 0;
    }
    return true;
}
