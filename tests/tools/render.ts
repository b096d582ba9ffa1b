import { Command } from "commander";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { renderControlPlane } from "../../components/mesh/render";
import { controlPlaneValues, istioOperator } from "../../components/mesh/values";
import { runProgram, stackFileConfig } from "../support/program";

/** Prints every Kubernetes object of a stack as YAML, in the order of registration: `npx tsx tests/tools/render.ts --help`. */

interface RenderOptions {
    stack: string;
    hub: string;
    tag: string;
    proxy: "istio" | "vanilla-envoy";
    sampleApp: string;
    only?: string;
    configJson?: string;
    istioctl?: string;
}

/** Folder for rendered charts. */
const cacheDirectory = join(tmpdir(), "istio-platform-manifests");

const program = new Command("render")
    .description("Print every Kubernetes object that a stack registers, as YAML for kubectl apply")
    .option("--stack <name>", "environment", "local")
    .option("--hub <hub>", "registry and path of pilot and proxyv2", "docker.io/istio")
    .option("--tag <tag>", "their tag", "1.29.1")
    .option("--proxy <distribution>", "istio or vanilla-envoy", "vanilla-envoy")
    .option("--sample-app <image>", "image of the sample app", "docker.io/library/istio-platform-sample-app:dev")
    .option("--only <part>", "control-plane: only Istio's own objects; apps: everything else")
    .option("--istioctl <path>", "render Istio's charts with it; default: as rendered beforehand for Istio's own proxy")
    .option("--config-json <json>", "values under the project's name, instead of Pulumi.<stack>.yaml")
    .action(async (options: RenderOptions) => {
        const { manifests } = await runProgram({
            stack: options.stack,
            config: options.configJson ? JSON.parse(options.configJson) : stackFileConfig(options.stack),
            images: {
                hub: options.hub,
                tag: options.tag,
                proxyDistribution: options.proxy,
                sampleApp: options.sampleApp,
            },
            ...(options.istioctl && {
                loadCharts: (config, images) =>
                    renderControlPlane(istioOperator(controlPlaneValues(config, images)), {
                        istioctl: options.istioctl!,
                        version: config.version,
                        cacheDirectory,
                    }),
            }),
        });
        const isControlPlane = ({ metadata }: (typeof manifests)[number]) =>
            metadata.labels?.["release"] === "istio" ||
            metadata.name === "istio-system" ||
            metadata.name.endsWith(".istio.io");
        const wanted = manifests.filter(
            (manifest) => !options.only || isControlPlane(manifest) === (options.only === "control-plane"),
        );
        process.stdout.write(
            wanted
                .map((manifest) => `---\n${stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false })}`)
                .join(""),
        );
    });

void program.parseAsync();
