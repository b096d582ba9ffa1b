import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import type { Manifest } from "./manifest";
import type { IstioOperator } from "./values";

const run = promisify(execFile);

/** What renders the charts. */
export interface RenderOptions {
    /** Path of istioctl. */
    istioctl: string;
    /** Istio version that the stack wants. */
    version: string;
    /** Folder that results are kept in. */
    cacheDirectory: string;
}

/**
 * Renders Istio's charts, those inside istioctl, with typed values.
 *
 * Rendering and parsing a megabyte of YAML takes more than a second; the result is kept in the cache folder under the
 * hash of the values and of the istioctl binary, so that an unchanged control plane costs milliseconds.
 *
 * @throws Error when istioctl has another version or refuses the values.
 */
export async function renderControlPlane(
    operator: IstioOperator,
    { istioctl, version, cacheDirectory }: RenderOptions,
): Promise<Manifest[]> {
    const cached = join(cacheDirectory, `${await cacheKey(operator, istioctl)}.json`);
    try {
        return JSON.parse(await readFile(cached, "utf8")) as Manifest[];
    } catch {
        // Not rendered before, or cut off while it was written: render again.
    }
    await checkVersion(istioctl, version);
    const manifests = parseManifests(await generate(operator, istioctl));
    await writeAtomically(cached, JSON.stringify(manifests));
    return manifests;
}

/** The objects in a stream of YAML documents. */
export function parseManifests(text: string): Manifest[] {
    return parseAllDocuments(text)
        .map((document) => document.toJS() as Manifest | null)
        .filter((manifest) => manifest !== null);
}

/** A binary is known by where it really lies, its size and its time: reading 100 MB for a hash would take longer. */
async function cacheKey(operator: IstioOperator, istioctl: string): Promise<string> {
    const path = await realpath(istioctl);
    const { size, mtimeMs } = await stat(path);
    return createHash("sha256")
        .update(JSON.stringify([operator, path, size, mtimeMs]))
        .digest("hex")
        .slice(0, 24);
}

async function checkVersion(istioctl: string, wanted: string): Promise<void> {
    const { stdout } = await run(istioctl, ["version", "--remote=false", "--output=json"]);
    const found = (JSON.parse(stdout) as { clientVersion?: { version?: string } }).clientVersion?.version;
    if (found !== wanted)
        throw new Error(
            `${istioctl} has the charts of Istio ${found}, but istio-platform:mesh.version is ${wanted}. ` +
                `Set mesh.version to ${found}, or put istioctl ${wanted} first on the PATH.`,
        );
}

async function generate(operator: IstioOperator, istioctl: string): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), "istio-platform-"));
    try {
        const file = join(directory, "operator.json");
        await writeFile(file, JSON.stringify(operator));
        // Without a kubeconfig: rendering depends on the values alone, not on some cluster of this machine.
        const { stdout } = await run(istioctl, ["manifest", "generate", "--filename", file], {
            maxBuffer: 64 * 1024 * 1024,
            env: { ...process.env, KUBECONFIG: join(directory, "none") },
        });
        return stdout;
    } catch (error) {
        const { stderr, message } = error as { stderr?: string; message: string };
        throw new Error(`istioctl could not render the control plane: ${stderr?.trim() || message}`);
    } finally {
        await rm(directory, { recursive: true, force: true });
    }
}

async function writeAtomically(file: string, content: string): Promise<void> {
    await mkdir(dirname(file), { recursive: true });
    const temporary = `${file}.${randomUUID()}`;
    await writeFile(temporary, content);
    await rename(temporary, file);
}
