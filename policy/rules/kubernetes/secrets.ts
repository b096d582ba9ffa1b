import { podContainers } from "../../model/pod";
import { isKnown } from "../../model/unknown";
import { at, type Rule } from "../rule";
import { cisEks, nsaCisa } from "../standards";

/** Names of what should be secret, and of what only says where it lies. */
const SECRET_NAME = /(passw(or)?d|passphrase|secret|token|api_?key|private_?key|access_?key|credential)s?$/i;

/** Texts that are keys, whatever they are called: private keys, AWS access keys, GitHub and Slack tokens. */
const SECRET_TEXT =
    /-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abpr]-[A-Za-z0-9-]{10,}/;

/** Whether a text lies open that should not. */
function isSecret(name: string, text: string): boolean {
    return SECRET_TEXT.test(text) || (SECRET_NAME.test(name) && text !== "" && !/^([/$]|true$|false$)/.test(text));
}

export const plainSecretEnv: Rule = {
    id: "plain-secret-env",
    title: "No password, token or key stands in a container's environment",
    reason: "Everybody who may look at the pod or at the program reads it, and it stays in the state and in logs.",
    fix: "Put it into a Secret and refer to it with valueFrom.secretKeyRef, or mount it as a file.",
    severity: "critical",
    enforcement: "mandatory",
    standards: [cisEks("4.4.1"), nsaCisa("Secrets")],
    *check(mesh) {
        for (const workload of mesh.workloads)
            for (const container of podContainers(workload))
                for (const variable of container.field.get("env").items()) {
                    const name = variable.get("name").text();
                    const value = variable.get("value").text();
                    if (isKnown(name) && isKnown(value) && isSecret(name, value))
                        yield at(
                            workload,
                            variable.get("value"),
                            `the environment of the container ${String(container.name)} holds ${name} in plain text`,
                            "put it into a Secret and refer to it: valueFrom.secretKeyRef",
                        );
                }
    },
};

export const plainSecretConfigMap: Rule = {
    id: "plain-secret-config-map",
    title: "No password, token or key stands in a ConfigMap",
    reason: "ConfigMaps are not encrypted at rest, and nearly every role may read them.",
    fix: "Put it into a Secret, better into AWS Secrets Manager.",
    severity: "critical",
    enforcement: "mandatory",
    standards: [cisEks("4.4.2"), nsaCisa("Secrets")],
    *check(mesh) {
        for (const configMap of mesh.ofKind("ConfigMap")) {
            const data = configMap.root.get("data");
            for (const name of data.keys()) {
                const text = data.get(name).text();
                if (isKnown(text) && isSecret(name, text))
                    yield at(
                        configMap,
                        data.get(name),
                        `"${name}" looks like a secret and lies open`,
                        "put it into a Secret",
                    );
            }
        }
    },
};
