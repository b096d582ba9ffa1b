import { createRequire } from "node:module";
import { join } from "node:path";

/** The scripts of @pulumi/pulumi that run something on behalf of the engine. */
export type EntryPoint = "run" | "run-policy-pack" | "run-plugin";

/**
 * The file of an entry point, in the copy of @pulumi/pulumi that the program itself uses.
 * @throws Error when the program's packages are not installed.
 */
export function resolveEntryPoint(entryPoint: EntryPoint, programDirectory: string): string {
    try {
        return createRequire(join(programDirectory, "package.json")).resolve(`@pulumi/pulumi/cmd/${entryPoint}`);
    } catch {
        throw new Error(
            `@pulumi/pulumi is not installed for the program in ${programDirectory}. Run \`npm install\` there, then try again.`,
        );
    }
}
