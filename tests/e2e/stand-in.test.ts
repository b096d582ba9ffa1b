import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePulumi } from "../../tools/pulumi";
import { ensureToolchain } from "../../tools/toolchain";
import { ControlPlane } from "./support/control-plane";
import { Engine, Entry, StateResource } from "./support/engine";

const projectDirectory = join(__dirname, "..", "..");
const SPACE = "stand-in-test";

const configMap = (name: string, data: Record<string, string>, extra: Partial<Entry> = {}): Entry => ({
    name,
    object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: SPACE }, data },
    dependsOn: ["namespace"],
    ...extra,
});
const namespace: Entry = {
    name: "namespace",
    object: { apiVersion: "v1", kind: "Namespace", metadata: { name: SPACE } },
};
const deployment = (labels: Record<string, string>, extra: Partial<Entry> = {}): Entry => ({
    name: "web",
    object: {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "web", namespace: SPACE },
        spec: {
            selector: { matchLabels: labels },
            template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "example.com/web:1" }] } },
        },
    },
    dependsOn: ["namespace"],
    timeout: "4s",
    ...extra,
});

/** The tests follow each other on one control plane and one state: from nothing to nothing. */
describe("Pulumi with stand-ins, on a real API server", () => {
    const directory = mkdtempSync(join(tmpdir(), "stand-in-test-"));
    const up = ["up", "--yes", "--stack", "test"];
    let plane: ControlPlane;
    let engine: Engine;

    before(async () => {
        const { bin } = await ensureToolchain(["pulumi", "cluster"]);
        const before = process.env.ISTIO_PLATFORM_PULUMI;
        process.env.ISTIO_PLATFORM_PULUMI = "stand-in";
        const pulumi = await ensurePulumi();
        if (before === undefined) delete process.env.ISTIO_PLATFORM_PULUMI;
        else process.env.ISTIO_PLATFORM_PULUMI = before;
        plane = await ControlPlane.start({ bin, directory: join(directory, "plane") });
        engine = new Engine(pulumi, { directory, kubeconfig: plane.kubeconfig, projectDirectory });
        assert.equal((await engine.run("stack", "init", "test")).code, 0);
    });

    after(async () => {
        await plane?.stop();
        rmSync(directory, { recursive: true, force: true });
    });

    const path = (name: string, kind = "configmaps") => `/api/v1/namespaces/${SPACE}/${kind}/${name}`;
    const web = `/apis/apps/v1/namespaces/${SPACE}/deployments/web`;
    const find = (state: StateResource[], name: string) => state.find(({ urn }) => urn.endsWith(`::${name}`));

    /** Plays the part of the kubelets: says that all pods of the deployment are available. */
    const makeAvailable = async () => {
        const { metadata } = await plane.api<{ metadata: { generation: number } }>("GET", web);
        const replicas = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
        const status = { observedGeneration: metadata.generation, ...replicas };
        await plane.api("PATCH", `${web}/status`, { status }, "application/merge-patch+json");
    };
    /** The same, again and again until it is no longer wanted: the deployment controller corrects the status. */
    const keepAvailable = <T>(until: Promise<T>): Promise<T> => {
        const timer = setInterval(() => void makeAvailable().catch(() => undefined), 50);
        return until.finally(() => clearInterval(timer));
    };

    it("previews without changing anything, and shows in the preview what the API server would refuse", async () => {
        engine.declare([namespace, configMap("settings", { a: "1" })]);
        const preview = await engine.run("preview", "--stack", "test");
        assert.equal(preview.code, 0, preview.output);
        assert.match(preview.output, /\+ 4 to create/);
        assert.equal(await plane.status(`/api/v1/namespaces/${SPACE}`), 404);

        const wrong = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "Not_A_Name", namespace: "default" } };
        engine.declare([{ name: "wrong", object: wrong }]);
        const refused = await engine.run("preview", "--stack", "test");
        assert.notEqual(refused.code, 0);
        assert.match(refused.output, /The API server refused ConfigMap default\/Not_A_Name: .*RFC 1123/);
    });

    it("stops at a mandatory policy violation before anything is created", async () => {
        engine.declare([namespace, configMap("settings", { forbidden: "1" })]);
        const pack = join(projectDirectory, "tests", "e2e", "stand-in", "policy");
        const result = await engine.run(...up, "--policy-pack", pack);
        assert.notEqual(result.code, 0);
        assert.match(result.output, /ConfigMap settings has the key forbidden/);
        assert.equal(await plane.status(`/api/v1/namespaces/${SPACE}`), 404);
        engine.declare([namespace, configMap("settings", { a: "1" })]);
        const passed = await engine.run(...up, "--policy-pack", pack);
        assert.equal(passed.code, 0, passed.output);
    });

    it("leaves an unchanged program unchanged, and changes what was changed", async () => {
        const unchanged = await engine.run(...up, "--expect-no-changes");
        assert.equal(unchanged.code, 0, unchanged.output);
        engine.declare([namespace, configMap("settings", { a: "2", b: "3" })]);
        const changed = await engine.run(...up, "--diff");
        assert.equal(changed.code, 0, changed.output);
        assert.match(changed.output, /~ 1 updated/);
        const { data } = await plane.api<{ data: unknown }>("GET", path("settings"));
        assert.deepEqual(data, { a: "2", b: "3" });
    });

    it("replaces an object whose change the API server calls immutable", async () => {
        const immutable = (data: Record<string, string>) => {
            const entry = configMap("frozen", data);
            return { ...entry, object: { ...entry.object, immutable: true } };
        };
        engine.declare([namespace, configMap("settings", { a: "2" }), immutable({ x: "1" })]);
        assert.equal((await engine.run(...up)).code, 0);
        const before = await plane.api<{ metadata: { uid: string } }>("GET", path("frozen"));
        engine.declare([namespace, configMap("settings", { a: "2" }), immutable({ x: "2" })]);
        const replaced = await engine.run(...up);
        assert.equal(replaced.code, 0, replaced.output);
        assert.match(replaced.output, /\+-? ?1 replaced/);
        const after = await plane.api<{ metadata: { uid: string }; data: unknown }>("GET", path("frozen"));
        assert.notEqual(after.metadata.uid, before.metadata.uid);
        assert.deepEqual(after.data, { x: "2" });
    });

    it("finds what was deleted or changed from outside at a refresh, and restores it at the next up", async () => {
        engine.declare([namespace, configMap("settings", { a: "2" }), configMap("other", { b: "1" })]);
        assert.equal((await engine.run(...up)).code, 0);
        await plane.api("DELETE", path("settings"));
        await plane.api("PATCH", path("other"), { data: { b: "changed" } }, "application/merge-patch+json");
        const refresh = await engine.run("refresh", "--yes", "--stack", "test");
        assert.equal(refresh.code, 0, refresh.output);
        assert.match(refresh.output, /- 1 deleted/);
        assert.match(refresh.output, /~ 1 updated/);
        const restored = await engine.run(...up);
        assert.equal(restored.code, 0, restored.output);
        assert.deepEqual((await plane.api<{ data: unknown }>("GET", path("settings"))).data, { a: "2" });
        assert.deepEqual((await plane.api<{ data: unknown }>("GET", path("other"))).data, { b: "1" });
    });

    it("keeps secrets secret in the state", async () => {
        const secret = {
            apiVersion: "v1",
            kind: "Secret",
            metadata: { name: "key", namespace: SPACE },
            stringData: { key: "plain-secret-1" },
        };
        engine.declare([
            namespace,
            configMap("settings", { a: "2", token: "plain-secret-2" }, { secrets: ["token"] }),
            { name: "key", object: secret, dependsOn: ["namespace"] },
        ]);
        const result = await engine.run(...up, "--diff");
        assert.equal(result.code, 0, result.output);
        assert.doesNotMatch(result.output, /plain-secret/);
        const state = JSON.stringify(await engine.state());
        assert.doesNotMatch(state, /plain-secret/);
        assert.ok(!state.includes(Buffer.from("plain-secret-1").toString("base64")));
        const { data } = await plane.api<{ data: unknown }>("GET", path("key", "secrets"));
        assert.deepEqual(data, { key: Buffer.from("plain-secret-1").toString("base64") });
        assert.equal((await engine.run(...up, "--expect-no-changes")).code, 0);
    });

    it("fails with the cause when a deployment does not become ready, keeps it, and waits again at the next up", async () => {
        engine.declare([namespace, deployment({ app: "web" })]);
        const failed = await engine.run(...up);
        assert.notEqual(failed.code, 0);
        assert.match(failed.output, /Deployment stand-in-test\/web is not ready after 4 s: 0 of 1 pods are available/);
        assert.match(failed.output, /pod web-\w+-\w+: Pending/);
        assert.match(failed.output, /kubectl -n stand-in-test describe deployment web/);
        assert.equal(find(await engine.state(), "web")?.initErrors?.length, 1);
        const retried = await keepAvailable(engine.run(...up));
        assert.equal(retried.code, 0, retried.output);
        assert.equal(find(await engine.state(), "web")?.initErrors, undefined);
    });

    it("replaces a deployment whose selector changes", async () => {
        engine.declare([namespace, deployment({ app: "web" })]);
        assert.equal((await keepAvailable(engine.run(...up))).code, 0);
        engine.declare([namespace, deployment({ app: "other" })]);
        const result = await keepAvailable(engine.run(...up));
        assert.equal(result.code, 0, result.output);
        assert.match(result.output, /1 replaced/);
    });

    it("waits for a definition and creates its objects in the same update", async () => {
        const group = "stand-in.example.com";
        const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
        const definition = {
            apiVersion: "apiextensions.k8s.io/v1",
            kind: "CustomResourceDefinition",
            metadata: { name: `things.${group}` },
            spec: {
                group,
                scope: "Namespaced",
                names: { plural: "things", singular: "thing", kind: "Thing" },
                versions: [{ name: "v1", served: true, storage: true, schema }],
            },
        };
        const thing = {
            apiVersion: `${group}/v1`,
            kind: "Thing",
            metadata: { name: "one", namespace: SPACE },
            spec: { size: 1 },
        };
        engine.declare([
            namespace,
            { name: "definition", object: definition },
            { name: "thing", object: thing, dependsOn: ["namespace"] },
        ]);
        const result = await engine.run(...up);
        assert.equal(result.code, 0, result.output);
        const live = await plane.api<{ spec: unknown }>("GET", `/apis/${group}/v1/namespaces/${SPACE}/things/one`);
        assert.deepEqual(live.spec, { size: 1 });
    });

    it("ends a wait at Ctrl-C with a valid state, and the next up continues", async () => {
        engine.declare([namespace, deployment({ app: "web" }, { timeout: "5m" })]);
        const run = engine.start(...up, "--skip-preview");
        await run.saw(/0 of 1 pods/);
        const interrupted = Date.now();
        run.child.kill("SIGINT");
        const result = await run.result;
        assert.notEqual(result.code, 0);
        assert.ok(Date.now() - interrupted < 10_000, `took ${Date.now() - interrupted} ms to end`);
        assert.equal(find(await engine.state(), "web")?.initErrors?.length, 1, result.output);
        const continued = await keepAvailable(engine.run(...up));
        assert.equal(continued.code, 0, continued.output);
    });

    it("says that the API server does not answer when it dies during an update, and continues at the next up", async () => {
        engine.declare([
            namespace,
            configMap("first", { a: "1" }),
            deployment({ app: "late" }, { timeout: "5m", dependsOn: ["first"] }),
            configMap("last", { a: "1" }, { dependsOn: ["web"] }),
        ]);
        const run = engine.start(...up, "--skip-preview");
        await run.saw(/0 of 1 pods/);
        await plane.killApiServer();
        const result = await run.result;
        assert.notEqual(result.code, 0);
        assert.match(result.output, /The Kubernetes API server at https:\/\/127\.0\.0\.1:\d+ does not answer: ECONN/);
        assert.ok(find(await engine.state(), "first"));
        assert.equal(find(await engine.state(), "last"), undefined);
        await plane.startApiServer();
        const continued = await keepAvailable(engine.run(...up));
        assert.equal(continued.code, 0, continued.output);
        assert.ok(find(await engine.state(), "last"));
    });

    it("creates 130 objects side by side, and finds all of them unchanged afterwards", async () => {
        const many = Array.from({ length: 130 }, (_, index) => configMap(`many-${index}`, { index: String(index) }));
        engine.declare([namespace, ...many]);
        const created = await engine.run(...up, "--skip-preview");
        assert.equal(created.code, 0, created.output);
        const unchanged = await engine.run(...up, "--expect-no-changes");
        assert.equal(unchanged.code, 0, unchanged.output);
        console.log(
            `      130 created in ${created.seconds.toFixed(1)} s, found unchanged in ${unchanged.seconds.toFixed(1)} s`,
        );
    });

    it("destroys everything and leaves nothing", async () => {
        const result = await engine.run("destroy", "--yes", "--stack", "test");
        assert.equal(result.code, 0, result.output);
        assert.equal(await plane.status(`/api/v1/namespaces/${SPACE}`), 404);
        assert.deepEqual(await engine.state(), []);
    });

    it("forgets the objects of a cluster that is gone for good, when told so", async () => {
        engine.declare([
            {
                name: "lost",
                object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "lost", namespace: "default" } },
            },
        ]);
        assert.equal((await engine.run(...up)).code, 0);
        await plane.killApiServer();
        const refused = await engine.run("destroy", "--yes", "--stack", "test");
        assert.notEqual(refused.code, 0);
        assert.match(refused.output, /set PULUMI_K8S_DELETE_UNREACHABLE=true/);
        engine.set({ PULUMI_K8S_DELETE_UNREACHABLE: "true" });
        const forgotten = await engine.run("destroy", "--yes", "--stack", "test");
        assert.equal(forgotten.code, 0, forgotten.output);
        assert.deepEqual(await engine.state(), []);
    });
});
