import { strict as assert } from "node:assert";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mesh } from "../../../components/config/mesh";
import { egressGatewayDeployment } from "../../../components/mesh/egress-gateway";
import { gatewayDeployment } from "../../../components/mesh/ingress-gateway";
import { tagInjector } from "../../../components/mesh/revision-tag";
import { once, renderRevisions } from "../../../components/mesh/revisions";
import { controlPlaneSelector, controlPlaneValues } from "../../../components/mesh/values";
import { runProgram, type ProgramRun } from "../../support/program";

const images = { hub: "docker.io/istio", tag: "1.29.1", proxyDistribution: "istio" } as const;
const revisionTag = { name: "stable", revision: "canary", namespaces: {} };
const config = mesh.parse({
    revisions: [
        { name: "default" },
        {
            name: "canary",
            imageHub: "mirror/istio",
            imageTag: "1.29.2",
            istiod: { replicas: 2, requests: { cpu: "1", memory: "1Gi" }, limits: { memory: "2Gi" } },
            sidecar: { requests: { cpu: "5m", memory: "32Mi" }, limits: { memory: "512Mi" } },
        },
    ],
    revisionTag: { revision: "canary" },
});

describe("Mesh: revisions of the control plane (P7, S9)", () => {
    it("take their own images and sizes, and the others' where they have none", () => {
        const [first, second] = config.revisions.map((revision) => controlPlaneValues(config, images, revision));
        assert.ok(!("revision" in first!));
        assert.equal(second!.revision, "canary");
        assert.deepEqual([first!.global.hub, first!.global.tag], ["docker.io/istio", "1.29.1"]);
        assert.deepEqual([second!.global.hub, second!.global.tag], ["mirror/istio", "1.29.2"]);
        assert.deepEqual([first!.pilot.replicaCount, second!.pilot.replicaCount], [1, 2]);
        assert.equal(second!.pilot.resources.limits.memory, "2Gi");
        assert.equal(first!.global.proxy.resources.limits.memory, "1Gi");
        assert.equal(second!.global.proxy.resources.limits.memory, "512Mi");
        assert.deepEqual(second!.pilot.topologySpreadConstraints[0]!.labelSelector.matchLabels, {
            app: "istiod",
            "istio.io/rev": "canary",
        });
    });

    it("share the validator of the revision that the tag names", () => {
        for (const revision of config.revisions)
            assert.equal(controlPlaneValues(config, images, revision).defaultRevision, "canary");
    });

    it("S6 are all selected by the labels that a NetworkPolicy opens; of one without a name as ever", () => {
        assert.deepEqual(controlPlaneSelector(config), { app: "istiod" });
        assert.deepEqual(controlPlaneSelector(mesh.parse({})), { istio: "pilot" });
    });

    it("are rendered one by one, and what they share comes once", async () => {
        const directory = mkdtempSync(join(tmpdir(), "revisions-test-"));
        try {
            const istioctl = join(directory, "istioctl");
            writeFileSync(
                istioctl,
                `#!/bin/sh
if [ "$1" = version ]; then echo '{"clientVersion": {"version": "1.29.1"}}'; exit; fi
name=istiod
if grep -q '"revision":"canary"' "$4"; then name=istiod-canary; fi
echo '{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "shared"}}'
echo ---
echo '{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "'$name'"}}'
`,
            );
            chmodSync(istioctl, 0o755);
            const options = { istioctl, version: "1.29.1", cacheDirectory: join(directory, "cache") };
            const rendered = await renderRevisions(config, images, options);
            assert.deepEqual(
                rendered.map(({ metadata }) => metadata.name),
                ["shared", "istiod", "istiod-canary"],
            );
        } finally {
            rmSync(directory, { recursive: true });
        }
    });

    it("keep objects of one name in two namespaces apart", () => {
        const object = (namespace?: string) => ({
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: { name: "istio", ...(namespace && { namespace }) },
        });
        assert.equal(once([object("a"), object("b"), object(), object("a")]).length, 3);
    });

    it("tag: has the labels by which istiod finds it, and leads to the revision by what namespaces and pods ask for", () => {
        const { metadata, webhooks } = tagInjector(revisionTag) as ReturnType<typeof tagInjector> & {
            webhooks: {
                clientConfig: { service: { name: string } };
                namespaceSelector: { matchExpressions: object[] };
                objectSelector: { matchExpressions: object[] };
            }[];
        };
        assert.equal(metadata.name, "istio-revision-tag-stable");
        assert.equal(metadata.labels!["istio.io/tag"], "stable");
        assert.equal(metadata.labels!["istio.io/rev"], "canary");
        assert.deepEqual(
            webhooks.map(({ clientConfig }) => clientConfig.service.name),
            ["istiod-canary", "istiod-canary"],
        );
        const asked = { key: "istio.io/rev", operator: "In", values: ["stable"] };
        assert.deepEqual(webhooks[0]!.namespaceSelector.matchExpressions[0], asked);
        assert.deepEqual(webhooks[1]!.objectSelector.matchExpressions[1], asked);
    });

    it("gateways ask for the tag themselves, and are replaced when it moves", () => {
        const marks = ({ spec }: ReturnType<typeof gatewayDeployment>) => {
            const { labels, annotations } = spec.template.metadata;
            const all: Record<string, string> = { ...labels, ...annotations };
            return [all["istio.io/rev"], all["istio-platform/revision"]];
        };
        assert.deepEqual(marks(gatewayDeployment(config.ingressGateway, { revisionTag })), ["stable", "canary"]);
        assert.deepEqual(marks(gatewayDeployment(config.ingressGateway)), [undefined, undefined]);
        assert.deepEqual(marks(egressGatewayDeployment(config.egress.gateway, { revisionTag })), ["stable", "canary"]);
    });
});

describe("Program: revisions of the control plane (P7, S9)", function () {
    this.timeout(60_000);
    const run = (mesh: object): Promise<ProgramRun> =>
        runProgram({
            config: {
                cluster: { kind: "embedded" },
                mesh: { charts: { source: "repository" }, ingressGateway: { requestFilter: {} }, ...mesh },
                ecommerce: { globalRateLimit: {} },
                study: { enabled: true },
            },
        });
    const charts = ({ resources }: ProgramRun) =>
        resources.filter(({ type }) => type.endsWith("helm.sh/v4:Chart")).map(({ name, inputs }) => [name, inputs]);

    it("a second control plane changes nothing else: no pod template, no label", async () => {
        const revisions = [{ name: "default" }, { name: "canary" }];
        const [before, after] = [await run({}), await run({ revisions })];
        const plain = (run: ProgramRun) => run.manifests.map((manifest) => JSON.stringify(manifest)).sort();
        assert.deepEqual(plain(after), plain(before));
        assert.deepEqual(
            charts(after).map(([name]) => name),
            [...charts(before).map(([name]) => name), "istio-istiod-canary"],
        );
    });

    it("a tag on the revision that everything is on replaces the pods of Istio's own namespace only", async () => {
        const [before, after] = [await run({}), await run({ revisionTag: { revision: "default" } })];
        const templates = ({ manifests }: ProgramRun) =>
            Object.fromEntries(
                manifests
                    .filter(({ kind }) => kind === "Deployment")
                    .map(({ metadata, spec }) => [
                        `${metadata.namespace}/${metadata.name}`,
                        JSON.stringify((spec as { template: object }).template),
                    ]),
            );
        const [old, now] = [templates(before), templates(after)];
        const changed = Object.keys(now).filter((name) => old[name] !== now[name]);
        assert.deepEqual(changed.sort(), [
            "istio-system/istio-ingressgateway",
            "istio-system/rate-limit",
            "istio-system/rate-limit-redis",
            "istio-system/request-filter",
        ]);
    });

    it("a tag that is moved replaces every pod with a sidecar, and no other", async () => {
        const { manifests } = await run({
            revisions: [{ name: "default" }, { name: "canary" }],
            revisionTag: { revision: "canary", namespaces: { ecommerce: "default" } },
            egress: { site: { namespace: "outside", services: ["stranger"] } },
        });
        const marks = Object.fromEntries(
            manifests
                .filter(({ kind }) => kind === "Deployment")
                .map(({ metadata, spec }) => {
                    const { template } = spec as { template: { metadata: { annotations?: Record<string, string> } } };
                    return [metadata.name, template.metadata.annotations?.["istio-platform/revision"]];
                }),
        );
        for (const name of [
            "istio-ingressgateway",
            "request-filter",
            "rate-limit",
            "rate-limit-redis",
            "egov-hello-v1",
        ])
            assert.equal(marks[name], "canary", name);
        for (const name of ["gateway-server", "webapp", "simple-web", "catalog"])
            assert.equal(marks[name], "canary", name);
        for (const name of ["order-api", "outside-site"]) assert.equal(marks[name], undefined, name);
        const labels = Object.fromEntries(
            manifests
                .filter(({ kind }) => kind === "Namespace")
                .map(({ metadata }) => [metadata.name, metadata.labels]),
        );
        assert.deepEqual(labels["egov-app"], { "istio.io/rev": "stable" });
        assert.deepEqual(labels["ecommerce"], { "istio.io/rev": "default" });
        assert.equal(labels["egov-monitoring"], undefined);
    });
});
