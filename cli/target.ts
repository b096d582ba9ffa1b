import { existsSync } from "node:fs";
import { join } from "node:path";
import { readTargetFile, TargetError, type VerificationTarget } from "../tests/verification/target/file";
import { localDirectory } from "./project";

/** Which deployed environment a command talks to. */
export interface TargetOptions {
    /** Name of the stack. */
    stack: string;
    /** File that describes the environment. Default: what the deployment of the stack wrote. */
    target?: string;
}

/**
 * The description of a deployed environment.
 *
 * @throws TargetError when the stack was not deployed from this clone, or the file describes nothing.
 */
export function readTarget({ stack, target }: TargetOptions): VerificationTarget {
    const file = target ?? join(localDirectory, "verification", `${stack}.json`);
    if (target === undefined && !existsSync(file))
        throw new TargetError(
            `the stack "${stack}" has not been deployed from this folder: there is no ${file}.\n` +
                `Deploy it first: npm start -- --stack ${stack}`,
        );
    return readTargetFile(file);
}
