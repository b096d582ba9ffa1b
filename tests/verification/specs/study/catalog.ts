import { studyContainerPorts } from "../../../../components/config/study";
import { defineSpec, type EvidenceScope } from "../../spec";
import type { Answer, Target } from "../../target/target";
import { describe, fail, grouped } from "../support/answers";
import { core, istio } from "../support/names";
import { catalog, studyPods } from "../support/study";
import { cohortProblems } from "./cohort";

export const studyCatalog = defineSpec({
    name: "study-catalog",
    description:
        "catalog behind the study's Gateway: the items of each version have an image or have none, as declared; a request with the cohort's header is answered by the version that the header leads to, one with another value or without it by everyone's.",
    needs: ["study", "sample-app"],
    locks: () => [],
    checks: {
        versions: { ids: ["T1"], title: "T1 catalog: the items of each version are the declared ones" },
        host: { ids: ["T1"], title: "T1 catalog: its host leads from outside to its pods, another host does not" },
        cohort: {
            ids: ["T2"],
            title: "T2 dark launch: from outside a header leads to its version, everyone else to theirs",
        },
    },
    evidence: catalogEvidence,
    async run({ target, config, check, all }) {
        const { namespace, hosts } = config.study;
        const { versions } = config.study.catalog;
        const pods = await studyPods(target, catalog);
        const podsOf = (version: string) => pods.filter(({ labels }) => labels["version"] === version);

        await all(
            () => check("versions", checkVersions),
            () => check("host", checkHost),
            () => check("cohort", checkCohort),
        );

        async function checkVersions(): Promise<void> {
            const problems = await Promise.all(
                Object.entries(versions).flatMap(([version, { imageUrl, replicas }]) => {
                    const own = podsOf(version);
                    if (own.length !== replicas)
                        return [
                            Promise.resolve({ subject: version, seen: `${own.length} pods instead of ${replicas}` }),
                        ];
                    return own.map(async (pod) => {
                        const answer = await target.local(pod, studyContainerPorts.catalog, { path: "/items" });
                        const right = answer.status === 200 && haveImages(answer) === imageUrl;
                        return right ? undefined : { subject: pod.name, seen: `${describe(answer)} ${answer.body}` };
                    });
                }),
            );
            const wrong = problems.filter((problem) => problem !== undefined);
            if (wrong.length === 0) return;
            fail({
                expected: Object.entries(versions)
                    .map(([version, { imageUrl }]) => `${version}: items ${imageUrl ? "with" : "without"} imageUrl`)
                    .join("; "),
                seen: grouped(wrong),
                cause: "a Deployment of catalog is missing, or the arguments of its containers are another version's",
                action: `kubectl -n ${namespace} get deployments,pods -l app=catalog -o yaml: compare version and args`,
            });
        }

        async function checkHost(): Promise<void> {
            const path = "/items";
            const [[inside], [outside]] = await Promise.all([
                target.request({ path, host: hosts.catalog }),
                target.request({ path, host: `other.${hosts.catalog}` }),
            ]);
            const right = inside!.status === 200 && pods.some(({ name }) => name === inside!.pod);
            if (right && outside!.status === 404 && outside!.pod === undefined) return;
            fail({
                expected: `200 from a pod of catalog for ${hosts.catalog}${path}, the gateway's own 404 for another host`,
                seen: `${describe(inside!)}; other host: ${describe(outside!)}`,
                cause: "hosts of the Gateway study-gateway or of the VirtualService catalog-from-gateway differ from study.hosts",
                action: `kubectl -n ${namespace} get gateways,virtualservices -o yaml: compare hosts`,
            });
        }

        async function checkCohort(): Promise<void> {
            const problem = await cohortProblems(target, pods, { host: hosts.catalog, responder: ({ pod }) => pod });
            if (!problem) return;
            fail({
                ...problem,
                cause: "a rule of the VirtualService catalog-from-gateway has another header or subset, or stands behind one that takes its requests",
                action: `kubectl -n ${namespace} get virtualservice catalog-from-gateway -o yaml: compare the order, matches and subsets with study.catalog.routes`,
            });
        }
    },
});

/** Whether every item of an answer has an imageUrl. */
function haveImages({ body }: Answer): boolean {
    const items = JSON.parse(body) as { imageUrl?: string }[];
    return items.every(({ imageUrl }) => imageUrl !== undefined);
}

async function catalogEvidence(target: Target): Promise<EvidenceScope> {
    const { namespace } = target.config.study;
    return {
        pods: [...(await target.gatewayPods()), ...(await studyPods(target, catalog))],
        clusters: [catalog],
        objects: [
            { ...istio.virtualService, namespace },
            { ...istio.destinationRule, namespace },
            { ...istio.gateway, namespace },
            { ...core.service, namespace },
        ],
    };
}
