import { strict as assert } from "node:assert";
import { mtls } from "../../../components/config/security";
import { peerAuthentications } from "../../../components/security";

describe("Security: mutual TLS", () => {
    it("S3 is STRICT for the whole mesh by default", () => {
        assert.deepEqual(peerAuthentications(mtls.parse({})), [
            { metadata: { name: "default", namespace: "istio-system" }, spec: { mtls: { mode: "STRICT" } } },
        ]);
    });

    it("S3 puts all exceptions of a workload into one PeerAuthentication: Istio obeys only the oldest of several", () => {
        const of = (namespace: string, app: string, port: number) => ({ namespace, app, port, mode: "PERMISSIVE" });
        const exceptions = [of("a", "x", 8080), of("b", "x", 8080), of("a", "x", 9090)];
        const [, ...others] = peerAuthentications(mtls.parse({ exceptions }));
        assert.deepEqual(others, [
            {
                metadata: { name: "a-x", namespace: "a" },
                spec: {
                    selector: { matchLabels: { app: "x" } },
                    portLevelMtls: { "8080": { mode: "PERMISSIVE" }, "9090": { mode: "PERMISSIVE" } },
                },
            },
            {
                metadata: { name: "b-x", namespace: "b" },
                spec: {
                    selector: { matchLabels: { app: "x" } },
                    portLevelMtls: { "8080": { mode: "PERMISSIVE" } },
                },
            },
        ]);
    });
});
