import { join } from "node:path";
import { goModuleDirectory, toolchainKey } from "./cache";
import { goTools, GoTool, linkerFlags, optionalGroups, ToolGroup } from "./catalog";
import { PackageList, readPackageList } from "./debian";
import { hashOf, hashOfFolder, hashOfGoModule } from "./hash";
import { ImageName, imageNames, groupsOfImage, imageSpec } from "./image-specs";
import { sampleAppHash } from "./sample-app";
import { Versions, versions } from "./versions";

/** A part of a toolchain: a program, a folder or an image. */
export interface Part {
    /** For example `go/etcd`, `system`, `image/pilot`. */
    name: string;
    kind: "go" | "folder" | "file" | "image";
    /** The groups that need it. */
    groups: ToolGroup[];
    /** Digest of all that it is made from. */
    inputs: string;
    /** The file or folder, relative to the toolchain's. */
    file: string;
    tool?: GoTool;
    image?: ImageName;
}

/** Everything that a toolchain consists of, with what each part is made from; known without building anything. */
export interface Inventory {
    key: string;
    versions: Versions;
    parts: Part[];
}

/** Reads the lock files and sources and says what the toolchain made of them consists of. Takes milliseconds. */
export function takeInventory(): Inventory {
    const known = versions();
    const flags = linkerFlags(known);
    const parts: Part[] = [...goParts(known, flags), ...folderParts(known)];
    const inputs = (name: string) => parts.find((part) => part.name === name)?.inputs ?? looseInputs(name);
    for (const image of imageNames) parts.push(imagePart(image, known, inputs));
    return { key: toolchainKey(flags), versions: known, parts };
}

/** The parts that some groups need, in the inventory's order. */
export function partsOf(inventory: Inventory, groups: readonly ToolGroup[]): Part[] {
    return inventory.parts.filter((part) => part.groups.some((group) => groups.includes(group)));
}

/** The groups beside those of every cluster that some images, by their names, are made in. Takes milliseconds. */
export function furtherGroups(images: readonly string[]): ToolGroup[] {
    const inventory = takeInventory();
    return optionalGroups.filter((group) =>
        partsOf(inventory, [group]).some(
            ({ image }) => image && images.includes(imageSpec(image, inventory.versions, () => "").name),
        ),
    );
}

function goParts(known: Versions, flags: string): Part[] {
    return goTools(known).map((tool) => ({
        name: `go/${tool.name}`,
        kind: "go",
        // Images of the cluster's own are part of the mesh group too, and are written by the image builder.
        groups: groupsOf(tool),
        inputs: hashOf(
            tool.package,
            tool.version,
            flags,
            sourcesOf(tool),
            ...(tool.tags ?? []),
            ...(tool.stamps ?? []),
        ),
        file: `bin/${tool.name}`,
        tool,
    }));
}

/** Programs that the images of other groups are made of, or written by, belong to these, too. */
function groupsOf({ name, group }: GoTool): ToolGroup[] {
    if (name === "image") return ["cluster", "mesh", ...optionalGroups];
    return name === "pause" || name === "coredns" ? ["cluster", "mesh"] : [group];
}

/** Digest of a program's sources, where they are this project's; of all others the version says everything. */
function sourcesOf(tool: GoTool): string {
    if (tool.module !== undefined) return hashOfGoModule(tool.module);
    if (!tool.package.startsWith("./")) return "";
    return hashOfFolder(
        join(goModuleDirectory, tool.package),
        (path) => path.endsWith(".go") && !path.endsWith("_test.go"),
    );
}

function folderParts(known: Versions): Part[] {
    const packages = (list: PackageList) => hashOf(...readPackageList(list));
    return [
        { name: "system", kind: "folder", groups: ["cluster"], inputs: packages("system"), file: "system" },
        { name: "base", kind: "folder", groups: ["mesh"], inputs: packages("image-base"), file: "base" },
        { name: "redis", kind: "folder", groups: ["mesh"], inputs: packages("redis"), file: "redis" },
        { name: "envoy", kind: "file", groups: ["mesh"], inputs: hashOf(known.envoy), file: "libexec/envoy" },
        {
            name: "bootstrap",
            kind: "file",
            groups: ["mesh"],
            inputs: hashOf(known.istio),
            file: "share/envoy_bootstrap_tmpl.json",
        },
    ];
}

/** Parts of images that are no parts of the toolchain: this Node.js, and the sample app's bundle. */
function looseInputs(name: string): string {
    if (name === "node") return `${process.version}-${process.arch}`;
    if (name === "bundle") return sampleAppHash();
    throw new Error(`an image is made of ${name}, which is not in the inventory`);
}

function imagePart(image: ImageName, known: Versions, inputs: (part: string) => string): Part {
    const spec = imageSpec(image, known, inputs);
    const tag = spec.name.slice(spec.name.lastIndexOf(":") + 1);
    return {
        name: `image/${image}`,
        kind: "image",
        groups: groupsOfImage(image),
        inputs: hashOf(inputs("go/image"), JSON.stringify(spec)),
        file: `images/${image}-${tag}.tar`,
        image,
    };
}
