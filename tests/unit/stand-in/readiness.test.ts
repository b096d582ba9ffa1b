import assert from "node:assert/strict";
import { podProblem, summarize } from "../../../tools/stand-in/kubernetes-provider/await/diagnosis";
import { readiness } from "../../../tools/stand-in/kubernetes-provider/await/readiness";
import { parseWaitFor } from "../../../tools/stand-in/kubernetes-provider/await/wait-for";
import { KubernetesObject } from "../../../tools/stand-in/kubernetes-provider/objects";

const of = (kind: string, rest: object, apiVersion = "v1", annotations: Record<string, string> = {}) =>
    ({ apiVersion, kind, metadata: { name: "a", generation: 2, annotations }, ...rest }) as unknown as KubernetesObject;
const available = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
const deployment = (status: object, spec: object = { replicas: 2 }) => of("Deployment", { spec, status }, "apps/v1");
const conditions = (type: string, status: string, more: object = {}) => ({
    status: { conditions: [{ type, status, ...more }] },
});

describe("readiness", () => {
    const cases: [string, KubernetesObject, "ready" | "waiting" | "failed"][] = [
        ["a deployment with all pods available", deployment(available), "ready"],
        ["a deployment scaled to none", deployment({ observedGeneration: 2 }, { replicas: 0 }), "ready"],
        ["a deployment without status", deployment({}), "waiting"],
        ["a deployment not yet seen", deployment({ ...available, observedGeneration: 1 }), "waiting"],
        ["a deployment with an old pod", deployment({ ...available, replicas: 3 }), "waiting"],
        ["a deployment with a missing pod", deployment({ ...available, availableReplicas: 1 }), "waiting"],
        ["a paused deployment", deployment({}, { paused: true }), "ready"],
        [
            "a deployment past its deadline",
            deployment({
                ...available,
                availableReplicas: 1,
                conditions: [{ type: "Progressing", reason: "ProgressDeadlineExceeded" }],
            }),
            "failed",
        ],
        [
            "a complete stateful set",
            of("StatefulSet", { spec: {}, status: { observedGeneration: 2, readyReplicas: 1 } }, "apps/v1"),
            "ready",
        ],
        [
            "a stateful set under update",
            of(
                "StatefulSet",
                {
                    spec: {},
                    status: { observedGeneration: 2, readyReplicas: 1, currentRevision: "1", updateRevision: "2" },
                },
                "apps/v1",
            ),
            "waiting",
        ],
        ["a daemon set without nodes", of("DaemonSet", { status: { observedGeneration: 2 } }, "apps/v1"), "ready"],
        [
            "a daemon set with a missing pod",
            of(
                "DaemonSet",
                {
                    status: {
                        observedGeneration: 2,
                        desiredNumberScheduled: 2,
                        updatedNumberScheduled: 2,
                        numberAvailable: 1,
                    },
                },
                "apps/v1",
            ),
            "waiting",
        ],
        ["a finished job", of("Job", conditions("Complete", "True"), "batch/v1"), "ready"],
        ["a failed job", of("Job", conditions("Failed", "True"), "batch/v1"), "failed"],
        ["a running job", of("Job", {}, "batch/v1"), "waiting"],
        ["a ready pod", of("Pod", conditions("Ready", "True")), "ready"],
        ["a failed pod", of("Pod", { status: { phase: "Failed" } }), "failed"],
        ["a pending pod", of("Pod", { status: { phase: "Pending" } }), "waiting"],
        ["an active namespace", of("Namespace", { status: { phase: "Active" } }), "ready"],
        ["a claim that is not bound", of("PersistentVolumeClaim", { status: { phase: "Pending" } }), "waiting"],
        ["a cluster service", of("Service", { spec: { type: "ClusterIP" } }), "ready"],
        [
            "a load balancer without address",
            of("Service", { spec: { type: "LoadBalancer" }, status: { loadBalancer: {} } }),
            "waiting",
        ],
        [
            "a load balancer",
            of("Service", { spec: { type: "LoadBalancer" }, status: { loadBalancer: { ingress: [{ ip: "1" }] } } }),
            "ready",
        ],
        [
            "an established definition",
            of("CustomResourceDefinition", conditions("Established", "True"), "apiextensions.k8s.io/v1"),
            "ready",
        ],
        ["a new definition", of("CustomResourceDefinition", {}, "apiextensions.k8s.io/v1"), "waiting"],
        ["a ConfigMap", of("ConfigMap", {}), "ready"],
        ["a kind of the same name in another group", of("Deployment", {}, "example.com/v1"), "ready"],
        ["an object that is not to be waited for", of("Pod", {}, "v1", { "pulumi.com/skipAwait": "true" }), "ready"],
        [
            "a condition that is to be waited for",
            of("Thing", {}, "example.com/v1", { "pulumi.com/waitFor": "condition=Ready" }),
            "waiting",
        ],
        [
            "a condition that holds",
            of("Thing", conditions("Ready", "True"), "example.com/v1", { "pulumi.com/waitFor": "condition=Ready" }),
            "ready",
        ],
        [
            "a field with the wanted value",
            of("Thing", { status: { list: [{ phase: "Done" }] } }, "example.com/v1", {
                "pulumi.com/waitFor": "jsonpath={.status.list[0].phase}=Done",
            }),
            "ready",
        ],
    ];
    for (const [what, object, expected] of cases)
        it(`${what}: ${expected}`, () => {
            assert.equal(readiness(object).state, expected);
        });

    it("says what is missing", () => {
        assert.deepEqual(readiness(deployment({ ...available, availableReplicas: 1 })), {
            state: "waiting",
            reason: "1 of 2 pods are available",
        });
    });

    it("refuses what it cannot read in pulumi.com/waitFor, and shows what is allowed", () => {
        for (const text of ["Ready", "condition=", "jsonpath=status", "jsonpath={.a[*]}", "[]", "[1]", "[oops"])
            assert.throws(() => parseWaitFor(text), /Allowed: "condition=Type"/, text);
        assert.equal(parseWaitFor('["condition=Ready", "jsonpath={.status.x}"]').length, 2);
    });

    it("explains why a pod is not ready", () => {
        const state = { waiting: { reason: "ImagePullBackOff", message: 'Back-off pulling image "x"' } };
        const pod = {
            metadata: { name: "p" },
            status: { phase: "Pending", containerStatuses: [{ name: "c", state }] },
        };
        assert.equal(podProblem(pod), 'pod p, container c: ImagePullBackOff: Back-off pulling image "x"');
        assert.equal(podProblem({ metadata: { name: "p" }, status: { phase: "Succeeded" } }), undefined);
        assert.deepEqual(summarize(["1", "2", "3", "4", "5", "6"]), ["1", "2", "3", "4", "and 2 more"]);
    });
});
