import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { writeAtomically } from "../../../tools/cache";
import { kindCluster } from "../../config/cluster";
import type { NodeContainer } from "./nodes";
import { kindPaths } from "./paths";

const image = z.object({ name: z.string(), digest: z.string() });

/** What this clone has made of a kind cluster. */
const kindRecord = z.object({
    /** `creating` stays behind where the making of the cluster was cut off: what there is of it is no cluster. */
    phase: z.enum(["creating", "ready"]),
    /** Somebody else has made it. */
    adopted: z.boolean(),
    runtime: z.enum(["docker", "podman"]),
    /** What it was made as. */
    request: kindCluster.pick({ name: true, nodes: true, hostPorts: true, nodeImage: true }),
    /** Ids of its nodes' containers: another cluster of the same name has others. */
    containers: z.array(z.string()),
    /** Images that were brought to its nodes. */
    images: z.array(image),
    /** Names of those that were to be brought, written before the first one is; undefined as long as none was. */
    wanted: z.array(z.string()).optional(),
});
export type KindRecord = z.infer<typeof kindRecord>;

/** The record in a file; undefined where there is none. */
export function readRecord(file: string): KindRecord | undefined {
    return existsSync(file) ? kindRecord.parse(JSON.parse(readFileSync(file, "utf8"))) : undefined;
}

export function writeRecord(file: string, record: KindRecord): void {
    writeAtomically(file, `${JSON.stringify(record, null, 2)}\n`);
}

/** Whether nodes belong to the cluster that a record is about, and not to a later one of the same name. */
export function isAbout({ containers }: KindRecord, nodes: readonly NodeContainer[]): boolean {
    return nodes.some(({ id }) => containers.includes(id));
}

/** Whether the nodes are all of those that a record is about. */
export function isWhole({ containers }: KindRecord, nodes: readonly NodeContainer[]): boolean {
    return containers.length > 0 && containers.every((container) => nodes.some(({ id }) => id === container));
}

/**
 * Names of the images that an existing cluster was to be given, whether or not all have come to it already; undefined where
 * there is no cluster, or its making ended before that.
 */
export function imagesOf(name: string, { record: file } = kindPaths(name)): string[] | undefined {
    const record = readRecord(file);
    return record?.phase === "ready" ? record.wanted : undefined;
}
