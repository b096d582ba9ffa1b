import { z } from "zod";
import { resources } from "./resources";
import { dnsLabel } from "./units";

/**
 * Control planes beside each other (P7, S9): each is a revision of Istio, with an istiod, an injector and settings of its own. A tag
 * names one of them, and namespaces and gateways follow the tag: an upgrade moves it.
 */

/** Istio's name of the control plane that has no revision's name in the names of its objects. */
export const DEFAULT_REVISION = "default";

/** A version of Istio, for example `1.29.1`. */
export const istioVersion = z.string().regex(/^1\.\d+\.\d+$/, 'a version such as "1.29.1"');

/** Size and number of istiod. */
export const istiod = resources.extend({
    replicas: z
        .int()
        .min(1)
        .default(1)
        .describe("Replicas of istiod; more than one keeps injection going while a node is replaced"),
});

const revision = z.strictObject({
    name: dnsLabel
        .max(30)
        .describe(`Name of the revision; the objects of "${DEFAULT_REVISION}" have no name of a revision in theirs`),
    version: istioVersion
        .optional()
        .describe(
            "Version of its charts and images. Default: that of `mesh.version`; another one wants `charts.source: repository`",
        ),
    imageHub: z
        .string()
        .min(1)
        .optional()
        .describe("Registry and path of its images. Default: those of `mesh.imageHub`"),
    imageTag: z
        .string()
        .regex(/^[\w][\w.-]{0,127}$/, 'an image\'s tag such as "1.29.1-distroless"')
        .optional()
        .describe(
            "Tag of its images, for another patch release or variant of the same minor version. Default: the version",
        ),
    istiod: istiod.optional().describe("Its istiod. Default: as `mesh.istiod`"),
    sidecar: resources.optional().describe("Of every sidecar that it injects. Default: as `mesh.sidecar`"),
});
export type Revision = z.infer<typeof revision>;

export const revisions = z
    .array(revision)
    .min(1)
    .default([{ name: DEFAULT_REVISION }]);

export const revisionTag = z.strictObject({
    name: dnsLabel
        .max(30)
        .default("stable")
        .describe("Name of the tag: value of the label istio.io/rev of the namespaces"),
    revision: dnsLabel.describe("Revision that the tag names: namespaces and gateways are on it"),
    namespaces: z
        .record(dnsLabel, dnsLabel)
        .default({})
        .describe("Namespaces that are on a revision of their own, to try it there first: namespace -> revision"),
});
export type RevisionTag = z.infer<typeof revisionTag>;

/** The part of the mesh's configuration that says which control planes there are. */
export interface ControlPlanes {
    readonly version: string;
    readonly revisions: readonly Revision[];
}

/** Annotation of pod templates: with another revision it changes, and the pods are replaced one after the other. */
export const REVISION_ANNOTATION = "istio-platform/revision";

/** Name of the revision that the pods of a namespace are on; without a namespace: the gateways. */
export function revisionOf(tag: RevisionTag | undefined, namespace?: string): string {
    return ownRevision(tag, namespace) ?? tag?.revision ?? DEFAULT_REVISION;
}

/** The label by which a namespace has sidecars injected (P8). */
export function injectionLabel(tag: RevisionTag | undefined, namespace: string): Record<string, string> {
    return tag ? { "istio.io/rev": ownRevision(tag, namespace) ?? tag.name } : { "istio-injection": "enabled" };
}

/**
 * Annotations of the pod templates of a namespace, or of the gateways: what replaces the pods when their revision changes. On the
 * revision without a name there are none, so that a tag which names it replaces nothing.
 */
export function revisionAnnotations(tag: RevisionTag | undefined, namespace?: string): Record<string, string> {
    const revision = revisionOf(tag, namespace);
    return revision === DEFAULT_REVISION ? {} : { [REVISION_ANNOTATION]: revision };
}

/** What the pod templates of Istio's own namespace, which has no label for injection, have themselves. */
export function revisionMarks(tag: RevisionTag | undefined): Record<"labels" | "annotations", Record<string, string>> {
    return { labels: tag ? { "istio.io/rev": tag.name } : {}, annotations: revisionAnnotations(tag) };
}

function ownRevision(tag: RevisionTag | undefined, namespace: string | undefined): string | undefined {
    return namespace === undefined ? undefined : tag?.namespaces[namespace];
}

/** Name of an object of which every revision has one of its own: its chart appends the revision's name. */
export const ofRevision = (name: string, revision: string): string =>
    revision === DEFAULT_REVISION ? name : `${name}-${revision}`;

/** Name of a revision's Deployment and Service. */
export const istiodOf = (revision: string): string => ofRevision("istiod", revision);

/** Version of a revision's charts. */
export const chartVersionOf = ({ version }: Pick<ControlPlanes, "version">, revision: Revision): string =>
    revision.version ?? version;

/** Version of the proxies of a revision: what the tag of its images begins with, or else that of its charts. */
export function proxyVersionOf(mesh: ControlPlanes, name: string): string {
    const revision = mesh.revisions.find((one) => one.name === name) ?? { name };
    return /^\d+\.\d+\.\d+/.exec(revision.imageTag ?? "")?.[0] ?? chartVersionOf(mesh, revision);
}
