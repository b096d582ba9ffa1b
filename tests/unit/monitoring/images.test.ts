import { strict as assert } from "node:assert";
import { resolveImages } from "../../../components/cluster/images";
import { monitoringImages } from "../../../components/config/monitoring/monitoring";
import { platform } from "../../../components/config/platform";
import { monitoringImages as builtImages } from "../../../tools/monitoring";

const configOf = (monitoring: object, kind = "embedded") => platform.parse({ cluster: { kind }, monitoring });

describe("Monitoring: images", function () {
    this.timeout(60_000);

    it("P7 by default are those that can be built, of the versions that the lock files pin", () => {
        const { prometheus, alertmanager, clusterMetrics } = configOf({ enabled: true }).monitoring;
        assert.deepEqual(builtImages(), {
            prometheus: prometheus.image,
            alertmanager: alertmanager.image,
            "kube-state-metrics": clusterMetrics.kubeStateMetrics.image,
            "node-exporter": clusterMetrics.nodeExporter.image,
        });
    });

    it("are brought to a cluster where the registry cannot be reached, and the monitoring is wanted", async () => {
        const bundled = async (monitoring: object, reachable: boolean) => {
            const images = await resolveImages(configOf(monitoring), () => Promise.resolve(reachable));
            return images.bundled
                .map(({ name }) => name)
                .filter((name) => Object.values<string>(builtImages()).includes(name));
        };
        assert.deepEqual(await bundled({ enabled: true }, false), Object.values(builtImages()));
        assert.deepEqual(await bundled({ enabled: true }, true), []);
        assert.deepEqual(await bundled({}, false), []);
        const mirrored = { enabled: true, prometheus: { image: "registry.example/prometheus:v1" } };
        assert.deepEqual(await bundled(mirrored, false), Object.values(builtImages()).slice(1));
        assert.deepEqual(await bundled({ enabled: true, clusterMetrics: { enabled: false } }, false), [
            builtImages().prometheus,
            builtImages().alertmanager,
        ]);
        assert.ok(monitoringImages(configOf(mirrored).monitoring).includes("registry.example/prometheus:v1"));
    });
});
