import { strict as assert } from "node:assert";
import { containerArgs } from "../../../components/apps/image";
import { deployment, service } from "../../../components/apps/workload";
import { callsOf } from "../../../components/config/calls";
import { ecommerce } from "../../../components/config/apps";

const args = {
    app: "order-api",
    version: "v1",
    namespace: "ecommerce",
    image: "image",
    answer: { text: "Order Service Test Response" },
    port: 5678,
    replicas: 2,
    resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi" } },
};

describe("Applications: workload", () => {
    it("C8 Service, Deployment and pods agree on labels and ports", () => {
        const { spec, metadata } = deployment({ ...args, labels: { variant: "normal" } });
        const pod = spec.template;
        const { selector, ports } = service({ app: "order-api", namespace: "ecommerce", port: 8080 }).spec;
        const carries = (labels: Record<string, string>) =>
            Object.entries(labels).every(
                ([key, value]) => (pod.metadata.labels as Record<string, string>)[key] === value,
            );
        assert.ok(carries(selector) && carries(spec.selector.matchLabels));
        assert.deepEqual(pod.metadata.labels, { app: "order-api", version: "v1", variant: "normal" });
        assert.deepEqual(metadata.labels, pod.metadata.labels);
        assert.equal(ports[0]!.targetPort, pod.spec.containers[0]!.ports[0]!.name);
        assert.equal(pod.spec.containers[0]!.ports[0]!.containerPort, 5678);
    });

    it("C8 the container has its arguments, and no command that would hide the image's", () => {
        const [container] = deployment(args).spec.template.spec.containers;
        assert.deepEqual(container!.args, ["-listen=:5678", "-text=Order Service Test Response"]);
        assert.ok(!("command" in container!));
    });

    it("C7 a service is told where those are that it may call, in the order of the services", () => {
        const url = (name: string, path: string) => `http://${name}.ecommerce.svc.cluster.local:8080/api/v1/${path}`;
        const closed = ecommerce.parse({ authorization: {} });
        assert.deepEqual(callsOf("order-api", closed), { "customer-api": url("customer-api", "customers") });
        assert.deepEqual(callsOf("customer-api", closed), {});
        assert.equal(Object.keys(callsOf("saga-tracker", closed)).length, 5);
        assert.equal(Object.keys(callsOf("customer-api", ecommerce.parse({}))).length, 5);
        const answer = { text: "x", calls: callsOf("order-api", closed) };
        assert.deepEqual(containerArgs(5678, answer).slice(2), [
            `-call=customer-api=${url("customer-api", "customers")}`,
        ]);
    });

    it("E7 an application that forwards says where to", () => {
        assert.deepEqual(containerArgs(9000, { forward: "http://egov-hello" }), [
            "-listen=:9000",
            "-forward=http://egov-hello",
        ]);
    });

    it("the labels that a caller adds cannot change what pods are selected by", () => {
        const { spec } = deployment({ ...args, labels: { app: "other", version: "v9" } });
        assert.deepEqual(spec.template.metadata.labels, { app: "order-api", version: "v1" });
    });

    it("runs with as few rights as it can", () => {
        const { containers, automountServiceAccountToken } = deployment(args).spec.template.spec;
        assert.equal(automountServiceAccountToken, false);
        assert.deepEqual(containers[0]!.securityContext, {
            runAsNonRoot: true,
            runAsUser: 65534,
            runAsGroup: 65534,
            readOnlyRootFilesystem: true,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            seccompProfile: { type: "RuntimeDefault" },
        });
    });

    it("is checked every second while it starts, and goes on answering while it stops", () => {
        const [container] = deployment(args).spec.template.spec.containers;
        assert.equal(container!.startupProbe.periodSeconds, 1);
        assert.equal(container!.readinessProbe.httpGet.path, "/health");
        assert.ok(
            container!.lifecycle.preStop.sleep.seconds <
                deployment(args).spec.template.spec.terminationGracePeriodSeconds,
        );
    });

    it("C1 has the requests that it was given", () => {
        assert.deepEqual(deployment(args).spec.template.spec.containers[0]!.resources, args.resources);
    });
});
