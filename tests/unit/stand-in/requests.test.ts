import assert from "node:assert/strict";
import {
    ApiError,
    CancelledError,
    UnknownKindError,
    UnreachableError,
} from "../../../tools/stand-in/kubernetes-provider/api/errors";
import { parseWarnings } from "../../../tools/stand-in/kubernetes-provider/api/http";
import { clusterIdentity, loadKubeConfig } from "../../../tools/stand-in/kubernetes-provider/api/kubeconfig";
import { passingCondition, retry } from "../../../tools/stand-in/kubernetes-provider/api/retry";
import { propagationOf, timeoutSeconds } from "../../../tools/stand-in/kubernetes-provider/operations";
import { parseSettings } from "../../../tools/stand-in/kubernetes-provider/settings";

const kubeconfig = (server: string) =>
    JSON.stringify({
        "current-context": "a",
        contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
        clusters: [{ name: "a", cluster: { server } }],
        users: [{ name: "a", user: { token: "t" } }],
    });

describe("requests to the API server", () => {
    it("tries again only what passes by itself", () => {
        const webhook = (why: string) =>
            new ApiError(500, `Internal error occurred: failed calling webhook "x": ${why}`);
        const passing = [
            webhook("dial tcp 10.0.0.1:443: connect: connection refused"),
            webhook('no endpoints available for service "istiod"'),
            new ApiError(429, "too many"),
            new ApiError(503, "starting"),
            new ApiError(409, "the object has been modified"),
            new ApiError(404, 'namespaces "a" not found'),
            new UnknownKindError("a/v1", "Thing"),
            new UnreachableError("https://x", Object.assign(new Error("x"), { code: "ECONNREFUSED" })),
        ];
        for (const error of passing) assert.ok(passingCondition(error), error.message);
        const lasting = [
            new ApiError(422, "invalid"),
            new ApiError(403, "forbidden"),
            new ApiError(404, 'configmaps "a" not found'),
            new ApiError(409, 'configmaps "a" already exists'),
            webhook("denied: no"),
            new Error("x"),
        ];
        for (const error of lasting) assert.equal(passingCondition(error), undefined, error.message);
    });

    it("says once what it waits for, and succeeds when that has passed", async () => {
        const said: string[] = [];
        let attempts = 0;
        const attempt = () =>
            ++attempts < 4 ? Promise.reject(new ApiError(503, "starting")) : Promise.resolve("done");
        const signal = new AbortController().signal;
        assert.equal(await retry(attempt, { signal, onWait: (message) => said.push(message), delay: 1 }), "done");
        assert.equal(said.length, 1);
    });

    it("stops at once when it is cancelled", async () => {
        const controller = new AbortController();
        const attempt = () => Promise.reject(new ApiError(503, "starting"));
        setTimeout(() => controller.abort(), 20);
        await assert.rejects(
            retry(attempt, { signal: controller.signal, onWait: () => {}, delay: 60_000 }),
            CancelledError,
        );
    });

    it("reads the API server's warnings and refusals", () => {
        assert.deepEqual(parseWarnings('299 - "unknown field \\"spec.x\\"", 299 - "second"'), [
            'unknown field "spec.x"',
            "second",
        ]);
        const error = ApiError.from(
            422,
            JSON.stringify({ message: "no", reason: "Invalid", details: { causes: [{ field: "spec" }] } }),
        );
        assert.deepEqual(
            [error.message, error.reason, error.causes],
            ["no", "Invalid", [{ field: "spec", message: "" }]],
        );
        assert.equal(ApiError.from(502, "<html>").message, "<html>");
    });

    it("takes another server for another cluster, but not another token", () => {
        const selection = { kubeconfig: kubeconfig("https://a") };
        assert.equal(
            clusterIdentity(selection),
            clusterIdentity({ kubeconfig: selection.kubeconfig.replace('"t"', '"u"') }),
        );
        assert.notEqual(clusterIdentity(selection), clusterIdentity({ kubeconfig: kubeconfig("https://b") }));
    });

    it("says what is wrong with a kubeconfig", () => {
        assert.throws(
            () => loadKubeConfig({ kubeconfig: "/does/not/exist" }),
            /kubeconfig: there is no file \/does\/not\/exist/,
        );
        assert.throws(
            () => loadKubeConfig({ kubeconfig: kubeconfig("https://a"), context: "b" }),
            /no context "b"; it has a/,
        );
    });

    it("names every wrong option of the provider", () => {
        assert.throws(
            () => parseSettings({ skipAwait: "maybe", renderYamlToDirectory: "/tmp", namespace: 1 }),
            /renderYamlToDirectory: not offered.*namespace: .*skipAwait: /s,
        );
        assert.equal(parseSettings({ skipAwait: "true" }, {}).skipAwait, true);
        assert.equal(parseSettings({}, { PULUMI_K8S_DELETE_UNREACHABLE: "true" }).deleteUnreachable, true);
    });

    it("takes the time limit from customTimeouts, else from the annotation, else 10 minutes", () => {
        const object = { metadata: { annotations: { "pulumi.com/timeoutSeconds": "30" } } };
        assert.deepEqual([timeoutSeconds(5, object), timeoutSeconds(0, object), timeoutSeconds(0, {})], [5, 30, 600]);
    });

    it("deletes dependents first where there can be any, and otherwise as the annotation says", () => {
        const object = (apiVersion: string, kind: string, annotations = {}) => ({
            apiVersion,
            kind,
            metadata: { name: "a", annotations },
        });
        assert.equal(propagationOf(object("apps/v1", "Deployment")), "Foreground");
        assert.equal(propagationOf(object("example.com/v1", "Thing")), "Foreground");
        assert.equal(propagationOf(object("v1", "ConfigMap")), "Background");
        assert.equal(
            propagationOf(object("v1", "ConfigMap", { "pulumi.com/deletionPropagationPolicy": "orphan" })),
            "Orphan",
        );
    });
});
