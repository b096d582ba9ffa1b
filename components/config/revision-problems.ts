import { when, type Finding } from "./finding";
import type { PlatformConfig } from "./platform";
import { resourceProblems } from "./resources";
import { chartVersionOf, DEFAULT_REVISION, type Revision } from "./revisions";

/** Control planes that contradict each other, or the tag that names one of them (P7, S9). */
export function revisionProblems(config: PlatformConfig): Finding[] {
    const { mesh } = config;
    return [
        ...mesh.revisions.flatMap((revision, index) => [
            ...duplicateName(mesh.revisions, index),
            ...versionProblems(mesh, revision, index),
            ...tagProblems(mesh, revision, index),
            ...(["istiod", "sidecar"] as const).flatMap((key) =>
                revision[key] ? resourceProblems(at(index, key), revision[key]) : [],
            ),
        ]),
        ...skippedVersions(mesh),
        ...usedRevisions(config),
        ...when(mesh.routing === "gateway-api" && mesh.revisions.length > 1, [
            "mesh.revisions",
            'of two control planes only the one that the tag names has the Gateways of the Gateway API: while the tag moves, the gateway would lose requests; declare one, or set mesh.routing to "istio"',
        ]),
    ];
}

type Mesh = PlatformConfig["mesh"];

const at = (index: number, key: keyof Revision) => `mesh.revisions.${index}.${key}`;

const namesOf = (revisions: readonly Revision[]) => revisions.map(({ name }) => name).join(", ");

function duplicateName(revisions: readonly Revision[], index: number): Finding[] {
    const { name } = revisions[index]!;
    const first = revisions.findIndex((other) => other.name === name);
    return when(first < index, [
        at(index, "name"),
        `"${name}" is already the name of mesh.revisions.${first}; every revision has a name of its own`,
    ]);
}

/** Custom resource definitions come from the charts of `mesh.version`: they must know all that a revision asks for. */
function versionProblems({ version, charts }: Mesh, revision: Revision, index: number): Finding[] {
    const own = revision.version;
    if (own === undefined || own === version) return [];
    if (charts.source === "embedded")
        return [
            [
                at(index, "version"),
                `the charts inside istioctl are those of ${version}: set imageTag for another patch release, or mesh.charts.source to "repository"`,
            ],
        ];
    return when(compare(own, version) > 0, [
        at(index, "version"),
        `${own} is newer than mesh.version ${version}, whose custom resource definitions all revisions share; set mesh.version to ${own}, and the version of the others to theirs`,
    ]);
}

function tagProblems(mesh: Mesh, revision: Revision, index: number): Finding[] {
    const charts = chartVersionOf(mesh, revision);
    const minor = /^1\.\d+(?=\.)/.exec(revision.imageTag ?? "")?.[0];
    return when(minor !== undefined && minorOf(charts) !== Number(minor.split(".")[1]), [
        at(index, "imageTag"),
        `the charts are those of Istio ${charts}, which images of ${minor} do not fit; only the patch release may differ`,
    ]);
}

/** Istio promises that proxies work with the control plane of the next minor version, not with one further away. */
function skippedVersions(mesh: Mesh): Finding[] {
    const minors = mesh.revisions.map((revision) => minorOf(chartVersionOf(mesh, revision)));
    const oldest = Math.min(...minors);
    return mesh.revisions.flatMap((revision, index) =>
        when(minors[index]! - oldest > 1, [
            revision.version === undefined ? "mesh.version" : at(index, "version"),
            `from 1.${oldest} to ${chartVersionOf(mesh, revision)} a minor version is skipped, up or down; go by way of 1.${oldest + 1}`,
        ]),
    );
}

/** Namespaces and gateways are on revisions that exist. */
function usedRevisions({ mesh, egov, ecommerce, study }: PlatformConfig): Finding[] {
    const { revisions, revisionTag: tag } = mesh;
    const exists = (name: string) => revisions.some((revision) => revision.name === name);
    if (!tag)
        return when(!exists(DEFAULT_REVISION), [
            "mesh.revisionTag",
            `without a tag all namespaces are on the revision "${DEFAULT_REVISION}", which mesh.revisions does not have; name one of: ${namesOf(revisions)}`,
        ]);
    const meshed = [
        ...(egov.enabled ? [egov.namespaces.app, egov.namespaces.infra] : []),
        ...(ecommerce.enabled ? [ecommerce.namespace] : []),
        ...(study.enabled ? [study.namespace] : []),
    ];
    return [
        ...when(!exists(tag.revision), [
            "mesh.revisionTag.revision",
            `namespaces and gateways would be on the revision "${tag.revision}", which mesh.revisions does not have; there are: ${namesOf(revisions)}`,
        ]),
        ...when(exists(tag.name) || tag.name === DEFAULT_REVISION, [
            "mesh.revisionTag.name",
            `"${tag.name}" is the name of a revision: a pod would be claimed by both; choose another name`,
        ]),
        ...Object.entries(tag.namespaces).flatMap(([namespace, revision]) => [
            ...when(!exists(revision), [
                `mesh.revisionTag.namespaces.${namespace}`,
                `the namespace would be on the revision "${revision}", which mesh.revisions does not have; there are: ${namesOf(revisions)}`,
            ]),
            ...when(!meshed.includes(namespace), [
                `mesh.revisionTag.namespaces.${namespace}`,
                `no namespace of that name has sidecars; there are: ${meshed.join(", ")}`,
            ]),
        ]),
    ];
}

const minorOf = (version: string): number => Number(version.split(".")[1]);

function compare(a: string, b: string): number {
    const [left, right] = [a, b].map((version) => version.split(".").map(Number));
    const index = left!.findIndex((number, position) => number !== right![position]);
    return index < 0 ? 0 : left![index]! - right![index]!;
}
