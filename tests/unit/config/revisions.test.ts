import { strict as assert } from "node:assert";
import {
    injectionLabel,
    istiodOf,
    proxyVersionOf,
    revisionAnnotations,
    revisionMarks,
    revisionOf,
} from "../../../components/config/revisions";
import { validateConfig } from "../../../components/config/validate";

/** The problems of a mesh's configuration. */
function problems(mesh: Record<string, unknown>, others: Record<string, unknown> = {}): string[] {
    const result = validateConfig({ cluster: { kind: "embedded" }, mesh, ...others });
    return result.ok ? [] : result.problems.map((problem) => problem.replace("istio-platform:", ""));
}

const two = [{ name: "default" }, { name: "canary" }];
const repository = { source: "repository" };
const tag = (revision: string, namespaces = {}) => ({ name: "stable", revision, namespaces });

describe("Configuration: revisions of the control plane (P7, S9)", () => {
    it("declares one without a name where nothing is said", () => {
        const result = validateConfig({ cluster: { kind: "embedded" } });
        assert.ok(result.ok);
        assert.deepEqual(result.config.mesh.revisions, [{ name: "default" }]);
        assert.equal(result.config.mesh.revisionTag, undefined);
    });

    const steps: [step: string, mesh: Record<string, unknown>][] = [
        ["the tag names what is there", { revisionTag: { revision: "default" } }],
        ["1: a second control plane", { revisions: two, revisionTag: { revision: "default" } }],
        ["2: the tag is moved", { revisions: two, revisionTag: { revision: "canary" } }],
        ["3: the first one is removed", { revisions: [{ name: "canary" }], revisionTag: { revision: "canary" } }],
        ["a namespace goes ahead", { revisions: two, revisionTag: tag("default", { ecommerce: "canary" }) }],
        ["a second one without a tag", { revisions: two }],
        [
            "the next minor version",
            {
                ...{ version: "1.30.0", charts: repository, revisionTag: { revision: "default" } },
                revisions: [{ name: "default", version: "1.29.1" }, { name: "1-30-0" }],
            },
        ],
        ["another patch release", { revisions: [{ name: "default", imageTag: "1.29.0-distroless" }] }],
        ["images of a team's own", { revisions: [{ name: "default", imageHub: "mirror/istio", imageTag: "ours" }] }],
    ];
    for (const [step, mesh] of steps) it(`accepts: ${step}`, () => assert.deepEqual(problems(mesh), []));

    const cases: [what: string, mesh: Record<string, unknown>, expected: string][] = [
        [
            "two of one name",
            { revisions: [{ name: "default" }, { name: "a" }, { name: "a" }] },
            'mesh.revisions.2.name: "a" is already the name of mesh.revisions.1; every revision has a name of its own',
        ],
        [
            "a tag that names none of them",
            { revisions: two, revisionTag: { revision: "canry" } },
            'mesh.revisionTag.revision: namespaces and gateways would be on the revision "canry", which mesh.revisions does not have; there are: default, canary',
        ],
        [
            "removal of the one that the tag still names",
            { revisions: [{ name: "canary" }], revisionTag: { revision: "default" } },
            'mesh.revisionTag.revision: namespaces and gateways would be on the revision "default", which mesh.revisions does not have; there are: canary',
        ],
        [
            "removal of the one that a namespace still uses",
            { revisions: [{ name: "canary" }], revisionTag: tag("canary", { ecommerce: "default" }) },
            'mesh.revisionTag.namespaces.ecommerce: the namespace would be on the revision "default", which mesh.revisions does not have; there are: canary',
        ],
        [
            "a namespace that nobody has",
            { revisions: two, revisionTag: tag("default", { shop: "canary" }) },
            "mesh.revisionTag.namespaces.shop: no namespace of that name has sidecars; there are: egov-app, egov-infra, ecommerce",
        ],
        [
            "no tag, and none that namespaces without one are on",
            { revisions: [{ name: "canary" }] },
            'mesh.revisionTag: without a tag all namespaces are on the revision "default", which mesh.revisions does not have; name one of: canary',
        ],
        [
            "a tag with the name of a revision",
            { revisions: two, revisionTag: { name: "canary", revision: "default" } },
            'mesh.revisionTag.name: "canary" is the name of a revision: a pod would be claimed by both; choose another name',
        ],
        [
            "a minor version that is skipped",
            {
                ...{ version: "1.30.0", charts: repository, revisionTag: { revision: "default" } },
                revisions: [{ name: "default", version: "1.28.3" }, { name: "1-30-0" }],
            },
            "mesh.version: from 1.28 to 1.30.0 a minor version is skipped, up or down; go by way of 1.29",
        ],
        [
            "a revision newer than the custom resource definitions",
            { charts: repository, revisions: [{ name: "default" }, { name: "new", version: "1.30.0" }] },
            "mesh.revisions.1.version: 1.30.0 is newer than mesh.version 1.29.1, whose custom resource definitions all revisions share; set mesh.version to 1.30.0, and the version of the others to theirs",
        ],
        [
            "charts of another version where istioctl has one only",
            { revisions: [{ name: "default" }, { name: "old", version: "1.28.3" }] },
            'mesh.revisions.1.version: the charts inside istioctl are those of 1.29.1: set imageTag for another patch release, or mesh.charts.source to "repository"',
        ],
        [
            "images of another minor version than the charts",
            { revisions: [{ name: "default", imageTag: "1.28.3" }] },
            "mesh.revisions.0.imageTag: the charts are those of Istio 1.29.1, which images of 1.28 do not fit; only the patch release may differ",
        ],
        [
            "an istiod that requests more than its limit",
            {
                revisions: [
                    {
                        name: "default",
                        istiod: { requests: { cpu: "1", memory: "2Gi" }, limits: { memory: "1Gi" } },
                    },
                ],
            },
            "mesh.revisions.0.istiod.requests.memory: 2Gi is more than the limit of 1Gi; at most 1Gi",
        ],
        [
            "several with the Gateway API",
            { routing: "gateway-api", revisions: two },
            'mesh.revisions: of two control planes only the one that the tag names has the Gateways of the Gateway API: while the tag moves, the gateway would lose requests; declare one, or set mesh.routing to "istio"',
        ],
    ];
    for (const [what, mesh, expected] of cases)
        it(`refuses ${what}`, () => {
            const found = problems(mesh);
            assert.ok(found.includes(expected), `${expected}\nis not among\n${found.join("\n")}`);
        });

    it("says who is on which, and by which label", () => {
        const moved = tag("canary", { ecommerce: "default" });
        assert.deepEqual(
            [revisionOf(undefined), revisionOf(moved), revisionOf(moved, "egov-app"), revisionOf(moved, "ecommerce")],
            ["default", "canary", "canary", "default"],
        );
        assert.deepEqual(injectionLabel(undefined, "egov-app"), { "istio-injection": "enabled" });
        assert.deepEqual(injectionLabel(moved, "egov-app"), { "istio.io/rev": "stable" });
        assert.deepEqual(injectionLabel(moved, "ecommerce"), { "istio.io/rev": "default" });
    });

    it("replaces pods when their revision is another one, and not when a tag is given to the one that they are on", () => {
        assert.deepEqual(revisionAnnotations(undefined, "egov-app"), {});
        assert.deepEqual(revisionAnnotations(tag("default"), "egov-app"), {});
        assert.deepEqual(revisionAnnotations(tag("canary"), "egov-app"), { "istio-platform/revision": "canary" });
        assert.deepEqual(revisionMarks(undefined), { labels: {}, annotations: {} });
        assert.deepEqual(revisionMarks(tag("canary")), {
            labels: { "istio.io/rev": "stable" },
            annotations: { "istio-platform/revision": "canary" },
        });
    });

    it("names istiod and the version of its proxies", () => {
        assert.deepEqual(["default", "canary"].map(istiodOf), ["istiod", "istiod-canary"]);
        const mesh = {
            version: "1.30.0",
            revisions: [
                { name: "default", version: "1.29.1" },
                { name: "canary", imageTag: "1.30.2-distroless" },
                { name: "own", imageTag: "ours" },
            ],
        };
        assert.deepEqual(
            ["default", "canary", "own"].map((name) => proxyVersionOf(mesh, name)),
            ["1.29.1", "1.30.2", "1.30.0"],
        );
    });
});
