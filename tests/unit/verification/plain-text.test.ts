import assert from "node:assert/strict";
import { askWithoutCertificate } from "../../verification/specs/support/plain-text";
import { readPlainAnswer } from "../../verification/target/plain-text";
import type { Kubernetes, PlainAnswer, Pod, Target } from "../../verification/target/target";
import { config, fakeTarget, pod } from "./support";

describe("Verification: plain text from a client without a certificate (S3)", () => {
    const proxy = {
        name: "istio-proxy",
        ready: true,
        restarts: 0,
        image: "",
        ports: [],
    } as unknown as Pod["containers"][0];
    const platform = config();
    const { ecommerce } = platform;
    const order = { ...pod("order-1", { app: "order-api" }, "10.0.0.1"), namespace: ecommerce.namespace };
    const gateway = {
        ...pod("gateway-1", { app: "istio-ingressgateway" }, "10.0.0.9"),
        namespace: "istio-system",
        sidecar: proxy,
    };
    const place = { pod: order, port: ecommerce.containerPort };
    const address = `10.0.0.1:${ecommerce.containerPort}`;

    /** A mesh in which the API server gets these answers, and the gateway's pod those. */
    const mesh = (api: Record<number, number>, opens: string, fromGateway: PlainAnswer) =>
        fakeTarget({
            kubernetes: {
                pods: async () => [],
                plainText: async (_pod: Pod, port: number) =>
                    port in api ? { status: api[port]!, headers: {}, body: "" } : { refused: "no route" },
            } as unknown as Kubernetes,
            gatewayPods: async () => [gateway],
            dial: async () => new Map([[address, opens]]),
            plainText: async (client: Pod, targets: readonly string[]) => {
                assert.equal(client.name, "gateway-1");
                return new Map(targets.map((one) => [one, fromGateway]));
            },
        } as unknown as Partial<Target>);
    const ask = async (environment: Target) => {
        const [outcome] = await askWithoutCertificate(environment, platform, [place], "/health");
        return outcome;
    };
    const unasked = { refused: "not asked" };

    it("is sent by the API server where it reaches the pod, whether the port answers", async () => {
        const refused = await ask(mesh({ 15021: 200 }, "not asked", unasked));
        assert.deepEqual(refused, { reached: true, answer: { refused: "no route" } });
        const answered = await ask(mesh({ [place.port]: 200 }, "not asked", unasked));
        assert.deepEqual(answered, { reached: true, answer: { status: 200, headers: {} } });
    });

    it("is sent by a pod that is declared to call where the API server does not reach the pod", async () => {
        const refused = await ask(mesh({}, "open", { refused: "reset" }));
        assert.deepEqual(refused, { reached: true, answer: { refused: "reset" } });
        const answered = await ask(mesh({}, "open", { status: 200, headers: {} }));
        assert.deepEqual(answered, { reached: true, answer: { status: 200, headers: {} } });
    });

    it("proves nothing where nobody reaches the pod", async () =>
        assert.equal((await ask(mesh({}, "closed", { refused: "timed out" })))!.reached, false));

    it("an answer is read as it stands on the wire", () => {
        assert.deepEqual(readPlainAnswer("HTTP/1.1 200 OK\r\nX-Served-By: order-1\r\n\r\nbody: x\r\n"), {
            status: 200,
            headers: { "x-served-by": "order-1" },
        });
        assert.deepEqual(readPlainAnswer("HTTP/1.1 403 Forbidden\n"), { status: 403, headers: {} });
        assert.deepEqual(readPlainAnswer("nc: can't connect\n"), { refused: "nc: can't connect" });
        assert.deepEqual(readPlainAnswer(""), { refused: "no answer" });
    });
});
