import { existsSync } from "node:fs";
import { join } from "node:path";
import { goModuleDirectory } from "./cache";
import { jaegerTool } from "./jaeger";
import { monitoringTools } from "./monitoring";
import { rateLimitDirectory, rateLimitPackage, rateLimitVersion } from "./rate-limit";
import { requestFilterDirectory } from "./request-filter";
import { Versions } from "./versions";

/** What a caller needs: the Pulumi CLI; what an embedded cluster runs; what the mesh on it needs; what watches the mesh; what keeps traces. */
export type ToolGroup = "pulumi" | "cluster" | "mesh" | "monitoring" | "tracing";

/** The groups in the order in which they are made ready: what a user can look at first comes first. */
export const toolGroups: readonly ToolGroup[] = ["pulumi", "cluster", "mesh", "monitoring", "tracing"];

/** Those that only some environments need, each for its own images. */
export const optionalGroups = ["monitoring", "tracing"] as const satisfies readonly ToolGroup[];

/** A program built from Go source. */
export interface GoTool {
    /** Name in the toolchain's bin folder. */
    name: string;
    group: ToolGroup;
    /** Package, as `go build` takes it. */
    package: string;
    /** Folder of the Go module that it is built in. Default: `tools/go`. */
    module?: string;
    /** Arguments that make it print its version; undefined: a program of that name on PATH is not used. */
    versionArguments?: string[];
    /** Pinned version, which one on PATH must have. */
    version: string;
    /** Build tags; the same for all programs of a module. Default: none. */
    tags?: readonly string[];
    /** Variables that its release build sets, as `path.Name=value`; the same for all programs of a module. Default: none. */
    stamps?: readonly string[];
    /** Where its source comes from, for reports. Default: the package. */
    source?: string;
    /** Whether a later one of the same major version will do as well. Default: no. */
    orLater?: boolean;
}

/** Every program built from Go source. */
export function goTools(versions: Versions): GoTool[] {
    const kubernetes = (name: string, versionArguments: string[] = ["--version"]): GoTool => ({
        name,
        group: "cluster",
        package: `k8s.io/kubernetes/cmd/${name}`,
        versionArguments,
        version: versions.kubernetes,
    });
    const cni = (path: string): GoTool => ({
        name: path.slice(path.indexOf("/") + 1),
        group: "cluster",
        package: `github.com/containernetworking/plugins/plugins/${path}`,
        version: versions.cniPlugins,
    });
    const own = (name: string): GoTool => ({
        name,
        group: "cluster",
        package: `./${name}`,
        version: "of this project",
        source: `tools/go/${name}`,
    });
    const istio = (path: string): GoTool => ({
        name: path.slice(path.lastIndexOf("/") + 1),
        group: "mesh",
        package: `istio.io/istio/${path}`,
        version: versions.istio,
    });
    const tools: GoTool[] = [
        {
            name: "pulumi",
            group: "pulumi",
            package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            versionArguments: ["version"],
            version: versions.pulumi,
            // The engine serves every SDK of its major version that is not newer than itself.
            orLater: true,
        },
        kubernetes("kube-apiserver"),
        kubernetes("kube-controller-manager"),
        kubernetes("kube-scheduler"),
        kubernetes("kubelet"),
        kubernetes("kube-proxy"),
        kubernetes("kubeadm", ["version", "-o", "short"]),
        kubernetes("kubectl", ["version", "--client"]),
        {
            name: "etcd",
            group: "cluster",
            package: "go.etcd.io/etcd/server/v3",
            versionArguments: ["--version"],
            version: versions.etcd,
        },
        cni("main/bridge"),
        cni("main/loopback"),
        cni("ipam/host-local"),
        cni("meta/portmap"),
        ...["kubenode", "image", "pause"].map(own),
        { ...own("coredns"), version: versions.coredns, source: "github.com/coredns/coredns" },
        { ...own("kube-router"), version: versions.kubeRouter, source: "github.com/cloudnativelabs/kube-router" },
        { ...istio("istioctl/cmd/istioctl"), versionArguments: ["version", "--remote=false", "--short"] },
        istio("pilot/cmd/pilot-agent"),
        istio("pilot/cmd/pilot-discovery"),
        {
            name: "request-filter",
            group: "mesh",
            package: "istio-platform/request-filter",
            module: requestFilterDirectory,
            version: "of this project",
            source: "services/request-filter",
        },
        {
            name: "rate-limit",
            group: "mesh",
            package: rateLimitPackage,
            module: rateLimitDirectory,
            version: rateLimitVersion(),
        },
        ...monitoringTools(),
        jaegerTool(),
    ];
    return tools.filter(
        (tool) => !tool.package.startsWith("./") || existsSync(join(goModuleDirectory, tool.package, "main.go")),
    );
}

/**
 * Linker flags for all programs at once (a variable that a program does not have is ignored): the version stamps that the
 * release builds of each project set.
 */
export function linkerFlags(versions: Versions): string {
    const [major, minor] = versions.kubernetes.split(".");
    const kubernetes = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((path) => [
        `${path}.gitVersion=v${versions.kubernetes}`,
        `${path}.gitMajor=${major}`,
        `${path}.gitMinor=${minor}`,
        `${path}.gitTreeState=clean`,
        `${path}.gitCommit=${"0".repeat(40)}`,
        `${path}.buildDate=2026-01-01T00:00:00Z`,
    ]);
    const istio = [
        `buildVersion=${versions.istio}`,
        `buildTag=${versions.istio}`,
        "buildStatus=Clean",
        "buildHub=docker.io/istio",
    ].map((assignment) => `istio.io/istio/pkg/version.${assignment}`);
    const pulumi = [`github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${versions.pulumi}`];
    return ["-s", "-w", ...[...kubernetes, ...istio, ...pulumi].flatMap((assignment) => ["-X", assignment])].join(" ");
}
