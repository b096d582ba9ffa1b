import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Spec } from "../spec";
import { escapeRegex } from "../target/envoy";
import type { KubernetesObject, Pod, Target } from "../target/target";
import { within } from "../wait";
import type { Outcome } from "./outcome";

/** Saves what is needed to understand a failure: proxies' configuration and statistics, logs, objects. */

/** Milliseconds that saving one spec's evidence may take: it never delays a red run for long. */
const limit = 15_000;
const logLines = 300;

/** Saves the evidence of one spec below `<report>/evidence/<spec>`; the files' names relative to the report's folder. */
export async function saveEvidence(
    target: Target,
    spec: Spec,
    failed: readonly Outcome[],
    report: string,
): Promise<string[]> {
    const saved: string[] = [];
    const save = async (name: string, produce: () => Promise<string>): Promise<void> => {
        let content: string;
        try {
            content = await produce();
        } catch (error) {
            content = `could not be read: ${(error as Error).message}\n`;
        }
        saved.push(await saveFile(spec, name, content, report));
    };
    const own = failed.flatMap(({ failure }) => Object.entries(failure?.evidence ?? {}));
    await Promise.all(own.map(([name, content]) => save(name, async () => content)));
    const collect = async (): Promise<void> => {
        const { pods = [], objects = [], clusters = [] } = await spec.evidence(target);
        await Promise.all([
            ...pods.flatMap((pod) => podFiles(target, pod, clusters).map(([name, read]) => save(name, read))),
            ...objects.map((reference) =>
                save(`${reference.kind}-${reference.namespace}-${reference.name ?? "all"}.yaml`, async () => {
                    const { name } = reference;
                    const found: KubernetesObject[] =
                        name === undefined
                            ? await target.kubernetes.objects(reference)
                            : [await target.kubernetes.object({ ...reference, name })].filter((o) => o !== undefined);
                    return found.map((object) => stringify(withoutNoise(object))).join("---\n") || "# there is none\n";
                }),
            ),
        ]);
    };
    await within("saving the evidence", limit, collect()).catch((error: unknown) =>
        save("incomplete.txt", async () => `${(error as Error).message}\n`),
    );
    return saved.sort();
}

/** Saves the files of a check that has passed at the same place. */
export function saveFiles(spec: Spec, files: Readonly<Record<string, string>>, report: string): Promise<string[]> {
    return Promise.all(Object.entries(files).map(([name, content]) => saveFile(spec, name, content, report)));
}

async function saveFile(spec: Spec, name: string, content: string, report: string): Promise<string> {
    const folder = join("evidence", spec.name);
    await mkdir(join(report, folder), { recursive: true });
    const file = join(folder, name.replace(/[^\w.-]+/g, "_"));
    await writeFile(join(report, file), content);
    return file;
}

function podFiles(target: Target, pod: Pod, clusters: readonly string[]): [string, () => Promise<string>][] {
    const files: [string, () => Promise<string>][] = pod.containers.map(({ name }) => [
        `${pod.name}-${name}.log`,
        () => target.kubernetes.log(pod, name, { lines: logLines }),
    ]);
    if (!pod.sidecar) return files;
    const proxy = target.proxy(pod);
    const names = clusters.map(escapeRegex).join("|") || ".*";
    const filter = `name_regex=${encodeURIComponent(`.*(${names}).*`)}`;
    return [
        ...files,
        [`${pod.name}-clusters.txt`, () => proxy.get(`clusters?filter=${encodeURIComponent(names)}`)],
        [`${pod.name}-config-clusters.json`, () => proxy.get(`config_dump?resource=dynamic_active_clusters&${filter}`)],
        [`${pod.name}-config-routes.json`, () => proxy.get("config_dump?resource=dynamic_route_configs")],
        [`${pod.name}-stats.txt`, () => proxy.get(`stats?usedonly&filter=${encodeURIComponent(names)}`)],
    ];
}

/** The object without the record of who set which field: long, and no help here. */
function withoutNoise(object: KubernetesObject): KubernetesObject {
    return { ...object, metadata: { ...object.metadata, managedFields: undefined } as KubernetesObject["metadata"] };
}
