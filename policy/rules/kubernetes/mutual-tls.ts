import type { Field } from "../../model/field";
import { any, type Answer, isKnown } from "../../model/unknown";
import { at, type Rule, STRICT_IN_PROD } from "../rule";
import { istioSecurity, nsaCisa } from "../standards";

const API = "security.istio.io";

export const strictMutualTls: Rule = {
    id: "strict-mutual-tls",
    title: "Mutual TLS is STRICT in the whole mesh",
    reason: "Without it proxies also take plain text: anybody in the network can read it, change it and pretend to be a service.",
    fix: "Add a PeerAuthentication without selector to Istio's namespace, with mtls.mode: STRICT.",
    severity: "high",
    enforcement: STRICT_IN_PROD,
    sources: ["S3"],
    standards: [istioSecurity("Mutual TLS"), nsaCisa("Encryption")],
    *check(mesh) {
        const controlPlane = mesh.workloads.find(({ containers }) =>
            containers.some(({ name }) => name === "discovery"),
        );
        if (!controlPlane || !isKnown(controlPlane.namespace)) return;
        const strict = any(
            mesh.ofKind("PeerAuthentication", API).map((policy): Answer => {
                if (!isKnown(policy.namespace)) return "maybe";
                const [mode, selector] = [policy.root.get("spec", "mtls", "mode"), policy.root.get("spec", "selector")];
                if (policy.namespace !== controlPlane.namespace || (selector.isSet && !selector.isUnknown)) return "no";
                return mode.isUnknown || selector.isUnknown ? "maybe" : mode.value === "STRICT" ? "yes" : "no";
            }),
        );
        if (strict === "no")
            yield at(
                controlPlane,
                "metadata.namespace",
                `no PeerAuthentication of the namespace ${controlPlane.namespace} asks the whole mesh for mutual TLS: its proxies take plain text`,
                "add a PeerAuthentication without selector there, with spec.mtls.mode: STRICT",
            );
    },
};

export const mutualTlsException: Rule = {
    id: "mutual-tls-exception",
    title: "No workload or port takes plain text",
    reason: "Behind a port in mode PERMISSIVE or DISABLE a service does not know who calls it.",
    fix: "Set the mode to STRICT, and let the callers join the mesh.",
    severity: "high",
    enforcement: { local: "disabled", dev: "advisory", prod: "mandatory" },
    sources: ["S3"],
    standards: [istioSecurity("Mutual TLS")],
    *check(mesh) {
        for (const policy of mesh.ofKind("PeerAuthentication", API)) {
            const ports = policy.root.get("spec", "portLevelMtls");
            const modes = [
                policy.root.get("spec", "mtls", "mode"),
                ...ports.keys().map((port) => ports.get(port, "mode")),
            ];
            for (const mode of modes)
                if (mode.value === "PERMISSIVE" || mode.value === "DISABLE")
                    yield at(policy, mode, `the mode ${mode.value} also lets plain text in`, "set the mode to STRICT");
        }
    },
};

export const plainClient: Rule = {
    id: "plain-client",
    title: "No DestinationRule turns mutual TLS off for the callers",
    reason: "The callers' proxies then send plain text, which a STRICT service refuses and a PERMISSIVE one takes from anybody.",
    fix: "Remove tls.mode, or set it to ISTIO_MUTUAL.",
    severity: "high",
    enforcement: { local: "advisory", dev: "mandatory", prod: "mandatory" },
    sources: ["S3"],
    standards: [istioSecurity("Mutual TLS")],
    *check(mesh) {
        for (const rule of mesh.destinationRules)
            for (const { field } of rule.trafficPolicies) {
                const mode = field.get("tls", "mode");
                // A host outside the mesh may have no TLS at all.
                if (mode.value === "DISABLE" && rule.resolution.status === "service")
                    yield at(rule, mode, "callers send plain text to a service of the mesh", "remove tls.mode");
            }
    },
};

export const gatewayTls: Rule = {
    id: "gateway-tls",
    title: "Gateways speak TLS 1.2 or newer",
    reason: "TLS 1.0 and 1.1 can be broken.",
    fix: "Remove tls.minProtocolVersion (the default is TLS 1.2), or set TLSV1_2 or TLSV1_3.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P5"],
    standards: [istioSecurity("Gateways"), nsaCisa("Encryption")],
    *check(mesh) {
        for (const gateway of mesh.gateways)
            for (const { field } of gateway.servers)
                for (const version of outdated(field.get("tls")))
                    yield at(
                        gateway,
                        version,
                        `the port also speaks ${String(version.value)}`,
                        "set TLSV1_2 or TLSV1_3",
                    );
    },
};

function outdated(tls: Field): Field[] {
    return ["minProtocolVersion", "maxProtocolVersion"]
        .map((key) => tls.get(key))
        .filter(({ value }) => value === "TLSV1_0" || value === "TLSV1_1");
}
