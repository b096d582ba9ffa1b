import { profilesWith, studyCluster } from "../../verification/specs/support/study";
import { zonesInEnvoy, type ZoneSetting } from "../../verification/specs/support/zones";
import type { PlainObject } from "../cluster/api";
import { objects, type Mesh } from "../cluster/mesh";
import type { Mutation } from "../mutation";
import { union } from "./red";

/** Mistakes in where the pods of the study are, and in what their zones mean to simple-web (T9). */

const backend = "simple-backend";

type Expectation = Pick<Mutation, "name" | "ids" | "description" | "expectRed" | "mayRed">;

const zoneSettings = { "study-settings": ["zones"] };
const shares = { "study-zone-distribution": ["shares"] };
const failover = { "study-zone-failover": ["own", "failover", "return"] };
/** The own zone's pod is ejected as declared, but requests do not stay in its zone before and after. */
const noPreference = { "study-zone-failover": ["own", "return"] };

/** Name of the subset that fails over, or of the one whose requests are shared out. */
function subsetThat(kind: "failover" | "distribute", { config }: Mesh): string {
    const found = profilesWith(config, "locality").find(
        ({ policy }) => (policy === "failover") === (kind === "failover"),
    );
    if (!found) throw new Error(`no profile of simple-backend has the locality ${kind}`);
    return found.name;
}

/** simple-web's sidecars: whether the zones of a subset's pods are ranked and weighed in a way. */
async function inZones(
    mesh: Mesh,
    kind: "failover" | "distribute",
    is: (settings: readonly ZoneSetting[]) => boolean,
): Promise<boolean[]> {
    const cluster = studyCluster(mesh.config, backend, subsetThat(kind, mesh));
    const pods = await mesh.proxies("simple-web");
    return Promise.all(
        pods.map(async (pod) => is([...(await zonesInEnvoy(mesh.target.proxy(pod), cluster)).values()])),
    );
}

/** Changes the policy of a subset; shows in the sidecar of simple-web. */
function policy(
    mutation: Expectation,
    kind: "failover" | "distribute",
    change: (trafficPolicy: PlainObject["spec"]) => void,
    shows: (settings: readonly ZoneSetting[]) => boolean,
): Mutation {
    return {
        ...mutation,
        needs: ["study", "study-zones"],
        apply: (changes, mesh) =>
            changes.edit(objects.study("DestinationRule", mesh.config, backend), ({ spec }) => {
                const name = subsetThat(kind, mesh);
                change(spec.subsets.find((subset: { name: string }) => subset.name === name).trafficPolicy);
            }),
        traces: (mesh) => inZones(mesh, kind, shows),
    };
}

/** The pods of a Deployment have no label that says their zone: that of the node counts. */
function unlabelled(
    mutation: Expectation,
    deployment: string,
    shows: (settings: readonly ZoneSetting[]) => boolean,
): Mutation {
    return {
        ...mutation,
        needs: ["study", "study-zones"],
        apply: (changes, { config }) =>
            changes.edit(objects.study("Deployment", config, deployment), ({ spec }) => {
                delete spec.template.metadata.labels["istio-locality"];
            }),
        traces: (mesh) => inZones(mesh, "failover", shows),
    };
}

/** Gives the zones other shares, in their order. */
const share =
    (...values: number[]) =>
    ({ loadBalancer }: PlainObject["spec"]): void => {
        const [{ to }] = loadBalancer.localityLbSetting.distribute;
        Object.keys(to).forEach((zone, index) => (to[zone] = values[index]));
    };

const alike = (settings: readonly ZoneSetting[]): boolean =>
    settings.length > 0 && settings.every(({ priority }) => priority === 0);
const hasShare =
    (value: number) =>
    (settings: readonly ZoneSetting[]): boolean =>
        settings.some((setting) => setting.share === value);

export const zones: readonly Mutation[] = [
    policy(
        {
            name: "study-zone-shares-even",
            ids: ["T9"],
            description: "Two zones get half of the requests each instead of the declared shares.",
            expectRed: union(zoneSettings, shares),
        },
        "distribute",
        share(50, 50),
        hasShare(50),
    ),
    policy(
        {
            name: "study-zone-shares-off-by-five",
            ids: ["T9"],
            description: "The caller's zone gets 65 % of the requests instead of 70 %.",
            expectRed: zoneSettings,
            mayRed: shares,
        },
        "distribute",
        share(65, 35),
        hasShare(65),
    ),
    policy(
        {
            name: "study-zone-shares-of-another-caller",
            ids: ["T9"],
            description: "The shares are said for callers in the other zone: those of simple-web go to all pods alike.",
            expectRed: union(zoneSettings, shares),
        },
        "distribute",
        ({ loadBalancer }) => {
            const [setting] = loadBalancer.localityLbSetting.distribute;
            setting.from = Object.keys(setting.to).find((zone) => zone !== setting.from);
        },
        (settings) => settings.length > 0 && !hasShare(70)(settings),
    ),
    policy(
        {
            name: "study-zone-preference-off",
            ids: ["T9"],
            description: "localityLbSetting is off: the requests spread over the pods of both zones.",
            expectRed: union(zoneSettings, noPreference),
        },
        "failover",
        ({ loadBalancer }) => {
            loadBalancer.localityLbSetting.enabled = false;
        },
        alike,
    ),
    policy(
        {
            name: "study-zone-failure-undetected",
            ids: ["T9"],
            description:
                "Failover is on without outlier detection, which Istio accepts: no zone is preferred and nobody is ejected.",
            expectRed: union(zoneSettings, { "study-settings": ["outliers"] }, failover),
        },
        "failover",
        (trafficPolicy) => {
            delete trafficPolicy.outlierDetection;
        },
        alike,
    ),
    unlabelled(
        {
            name: "study-zone-of-a-pod-missing",
            ids: ["T9"],
            description: "The pod of simple-backend in the zone of the caller has no label that says so.",
            expectRed: union(zoneSettings, failover, shares),
        },
        "simple-backend-1",
        (settings) => settings.some(({ zone }) => !zone.startsWith("us-west1/")),
    ),
    unlabelled(
        {
            name: "study-zone-of-the-caller-missing",
            ids: ["T9"],
            description: "simple-web has no label that says its zone: it prefers none, and shares are not for it.",
            expectRed: union(zoneSettings, noPreference, shares),
        },
        "simple-web",
        alike,
    ),
];
