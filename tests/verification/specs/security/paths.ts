import type { PathNormalization } from "../../../../components/config/security";
import { ecommerceEvidence } from "../ecommerce/evidence";
import { defineSpec } from "../../spec";
import { describe, fail, grouped } from "../support/answers";
import { ecommerceHost, ecommercePods, ecommerceServices } from "../support/names";

/** What the proxies normalise, the least first: each level with all of those before. */
const levels: readonly PathNormalization[] = ["NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"];

/** Other ways to write a path, each with the level from which on it means the same. */
const spellings: readonly { level: PathNormalization; write(path: string): string }[] = [
    { level: "BASE", write: (path) => `/x/..${path}` },
    { level: "BASE", write: (path) => `/.${path}` },
    { level: "BASE", write: (path) => `/x/%2e%2e${path}` },
    { level: "MERGE_SLASHES", write: (path) => `/${path}` },
    { level: "MERGE_SLASHES", write: (path) => path.replace(/\/([^/]*)$/, "//$1") },
    { level: "DECODE_AND_MERGE_SLASHES", write: (path) => path.replace(/\/([^/]*)$/, "%2F$1") },
    { level: "DECODE_AND_MERGE_SLASHES", write: (path) => path.replace(/\/([^/]*)$/, "%2f$1") },
    { level: "DECODE_AND_MERGE_SLASHES", write: (path) => `/x%2F..${path}` },
];

export const paths = defineSpec({
    name: "paths",
    description:
        "A service is asked for by paths that are written otherwise: with dots, doubled and escaped slashes. Those that the declared normalisation reads as the service's own path are answered by its pods, all others by the gateway's 404; letters keep their case.",
    needs: ["ecommerce", "sample-app"],
    locks: () => [],
    checks: {
        spellings: {
            ids: ["C14"],
            title: "C14 paths: dots, doubled and escaped slashes mean to the routes what is declared, and case matters",
        },
    },
    evidence: ecommerceEvidence,
    async run({ target, config, check }) {
        await check("spellings", async () => {
            const { pathNormalization } = config.mesh;
            const host = ecommerceHost(config);
            const level = levels.indexOf(pathNormalization);
            const { path, name } = ecommerceServices(config).at(-1)!;
            const pods = (await ecommercePods(target, name)).map((pod) => pod.name);
            const asked = [
                ...spellings.map((one) => ({ to: one.write(path), same: levels.indexOf(one.level) <= level })),
                { to: path.toUpperCase(), same: false },
            ];
            const answers = await Promise.all(
                asked.map(async ({ to, same }) => {
                    const [answer] = await target.request({ path: to, host });
                    const right = same
                        ? answer!.status === 200 && pods.includes(answer!.pod ?? "")
                        : answer!.status === 404 && answer!.pod === undefined;
                    return right ? [] : [{ subject: to, seen: describe(answer!) }];
                }),
            );
            const problems = answers.flat();
            if (problems.length === 0) return;
            fail({
                expected: `paths that mean to the gateway what mesh.pathNormalization ${pathNormalization} says`,
                seen: grouped(problems),
                cause: "the mesh has another pathNormalization, or an EnvoyFilter changes how the gateway reads paths",
                action: "kubectl -n istio-system get configmap istio -o yaml: pathNormalization; deploy again",
            });
        });
    },
});
