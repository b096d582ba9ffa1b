import type { Field } from "../../model/field";
import { inheritedSecurity, type PodContainer, podContainers, podSpec } from "../../model/pod";
import { UNKNOWN } from "../../model/unknown";
import type { Workload } from "../../model/workload";
import { at, type Finding, list, type Rule, type Severity } from "../rule";
import { cisEks, type Control, nsaCisa, podSecurity } from "../standards";

/** What a check of one place has to say about it, if it is wrong. */
interface Fault {
    readonly field: Field;
    /** What is wrong; the sentence goes on after the container's or the pods' name. */
    readonly says: string;
    readonly fix: string;
}

/** A check of pods or containers: all that distinguishes one rule of the Pod Security Standards from another. */
interface PodCheck extends Pick<Rule, "id" | "title" | "reason" | "fix"> {
    readonly severity: Severity;
    readonly standards: readonly Control[];
    ofPod?(spec: Field): Iterable<Fault>;
    ofContainer?(container: PodContainer, workload: Workload): Iterable<Fault>;
}

function toRule({ ofPod, ofContainer, ...check }: PodCheck): Rule {
    return {
        ...check,
        enforcement: "mandatory",
        *check(mesh): Iterable<Finding> {
            for (const workload of mesh.workloads) {
                const found = (subject: string, { field, says, fix }: Fault): Finding =>
                    at(workload, field, `${subject} ${says}`, fix);
                for (const fault of ofPod?.(podSpec(workload)) ?? []) yield found("the pods", fault);
                if (ofContainer)
                    for (const container of podContainers(workload))
                        for (const fault of ofContainer(container, workload))
                            yield found(`the container ${String(container.name)}`, fault);
            }
        },
    };
}

/** A known value that is not the wanted one; an unknown one may become it. */
function isOther(field: Field, wanted: unknown): boolean {
    return !field.isUnknown && field.value !== wanted;
}

const checks: readonly PodCheck[] = [
    {
        id: "run-as-non-root",
        title: "Containers run as a user other than root",
        reason: "A process that breaks out of a container that runs as root is root on the node.",
        fix: "Set securityContext.runAsNonRoot: true (and runAsUser to a number other than 0) for the container or the pod.",
        severity: "high",
        standards: [podSecurity("Running as Non-root"), nsaCisa('"Non-root" containers')],
        *ofContainer(container, workload) {
            const field = inheritedSecurity(workload, container, "runAsNonRoot");
            const user = inheritedSecurity(workload, container, "runAsUser");
            if (isOther(field, true)) yield { field, says: "may run as root", fix: "set runAsNonRoot: true" };
            else if (user.value === 0)
                yield { field: user, says: "asks for user 0 (root)", fix: "set runAsUser to a number other than 0" };
        },
    },
    {
        id: "read-only-root",
        title: "Containers cannot write to their own file system",
        reason: "Whoever gets into the container can put programs there and change those that run.",
        fix: "Set securityContext.readOnlyRootFilesystem: true, and mount an emptyDir where the container must write.",
        severity: "medium",
        standards: [nsaCisa("Immutable container file systems"), cisEks("4.5.2")],
        *ofContainer({ field: container }) {
            const field = container.get("securityContext", "readOnlyRootFilesystem");
            if (isOther(field, true))
                yield {
                    field,
                    says: "can write to its root file system",
                    fix: "set readOnlyRootFilesystem: true, with an emptyDir where it must write",
                };
        },
    },
    {
        id: "privilege-escalation",
        title: "No process of a container can gain more privileges than it was started with",
        reason: "A set-uid program in the image makes an ordinary user root in the container.",
        fix: "Set securityContext.allowPrivilegeEscalation: false.",
        severity: "high",
        standards: [podSecurity("Privilege Escalation"), cisEks("4.2.5")],
        *ofContainer({ field: container }) {
            const field = container.get("securityContext", "allowPrivilegeEscalation");
            if (isOther(field, false))
                yield {
                    field,
                    says: "allows its processes to gain privileges",
                    fix: "set allowPrivilegeEscalation: false",
                };
        },
    },
    {
        id: "privileged-container",
        title: "No container is privileged",
        reason: "A privileged container has every capability and every device of the node: it is root there.",
        fix: "Remove privileged; name the one capability that is really needed.",
        severity: "critical",
        standards: [podSecurity("Privileged Containers"), cisEks("4.2.1")],
        *ofContainer({ field: container }) {
            const field = container.get("securityContext", "privileged");
            if (field.value === true)
                yield { field, says: "is privileged: it has the node to itself", fix: "remove privileged" };
        },
    },
    {
        id: "dropped-capabilities",
        title: "Containers give up all Linux capabilities",
        reason: "The runtime's default set lets a process change owners, open raw sockets and bind any port.",
        fix: 'Set securityContext.capabilities.drop: ["ALL"].',
        severity: "medium",
        standards: [podSecurity("Capabilities"), cisEks("4.5.2")],
        *ofContainer({ field: container }) {
            const field = container.get("securityContext", "capabilities", "drop");
            if (!field.isPartial && !field.items().some(({ value }) => value === "ALL"))
                yield { field, says: "keeps the runtime's default capabilities", fix: 'add drop: ["ALL"]' };
        },
    },
    {
        id: "added-capabilities",
        title: "Containers get no Linux capability beyond NET_BIND_SERVICE",
        reason: "Capabilities such as SYS_ADMIN or NET_ADMIN let a container change the node that it runs on.",
        fix: "Remove the capability from securityContext.capabilities.add.",
        severity: "high",
        standards: [podSecurity("Capabilities"), cisEks("4.5.2")],
        *ofContainer({ field: container }) {
            for (const field of container.get("securityContext", "capabilities", "add").items()) {
                const name = field.text();
                if (typeof name === "string" && name !== "NET_BIND_SERVICE")
                    yield { field, says: `gets the capability ${name}`, fix: `remove ${name}` };
            }
        },
    },
    {
        id: "seccomp-profile",
        title: "Containers run under a seccomp profile",
        reason: "Without one every system call of the kernel is open to them, those with past holes included.",
        fix: "Set securityContext.seccompProfile.type: RuntimeDefault for the pod.",
        severity: "medium",
        standards: [podSecurity("Seccomp"), cisEks("4.5.2")],
        *ofContainer(container, workload) {
            const field = inheritedSecurity(workload, container, "seccompProfile", "type");
            const type = field.text();
            if (type !== UNKNOWN && type !== "RuntimeDefault" && type !== "Localhost")
                yield {
                    field,
                    says: "runs without a seccomp profile",
                    fix: "set seccompProfile: { type: RuntimeDefault } for the pod",
                };
        },
    },
    {
        id: "host-namespaces",
        title: "Pods share no namespace with their node",
        reason: "hostNetwork passes every NetworkPolicy and the sidecar by; hostPID and hostIPC show the processes of all other pods.",
        fix: "Remove hostNetwork, hostPID and hostIPC.",
        severity: "high",
        standards: [podSecurity("Host Namespaces"), cisEks("4.2.2"), cisEks("4.2.3"), cisEks("4.2.4")],
        *ofPod(spec) {
            for (const key of ["hostNetwork", "hostPID", "hostIPC"]) {
                const field = spec.get(key);
                if (field.value === true)
                    yield { field, says: `share the node's namespace (${key})`, fix: `remove ${key}` };
            }
        },
    },
    {
        id: "host-port",
        title: "Containers open no port of their node",
        reason: "A hostPort is reached from outside past Services, gateways and NetworkPolicies, and lets one such pod run on a node.",
        fix: "Remove hostPort and use a Service.",
        severity: "high",
        standards: [podSecurity("Host Ports")],
        *ofContainer({ field: container }) {
            for (const port of container.get("ports").items()) {
                const field = port.get("hostPort");
                const number = field.number();
                if (typeof number === "number" && number !== 0)
                    yield {
                        field,
                        says: `opens port ${number} of its node`,
                        fix: "remove hostPort and lead to the pods by a Service",
                    };
            }
        },
    },
    {
        id: "host-path",
        title: "Pods mount no directory of their node",
        reason: "Files of the node, the kubelet's credentials among them, are a way out of the container.",
        fix: "Use an emptyDir, a ConfigMap or a PersistentVolumeClaim instead.",
        severity: "critical",
        standards: [podSecurity("HostPath Volumes"), podSecurity("Volume Types")],
        *ofPod(spec) {
            for (const volume of spec.get("volumes").items()) {
                const field = volume.get("hostPath");
                if (!field.isSet || field.isUnknown) continue;
                yield {
                    field,
                    says: `mount ${String(field.get("path").text() ?? "a directory")} of their node`,
                    fix: "use an emptyDir, a ConfigMap or a PersistentVolumeClaim",
                };
            }
        },
    },
    {
        id: "unsafe-sysctl",
        title: "Pods change only kernel settings that belong to them alone",
        reason: "An unsafe sysctl reaches other pods of the node, or the kubelet refuses the pod.",
        fix: "Remove the sysctl, or use one of Kubernetes' safe set.",
        severity: "medium",
        standards: [podSecurity("Sysctls")],
        *ofPod(spec) {
            for (const sysctl of spec.get("securityContext", "sysctls").items()) {
                const field = sysctl.get("name");
                const name = field.text();
                if (typeof name === "string" && !SAFE_SYSCTLS.has(name))
                    yield { field, says: `set ${name}`, fix: `remove it; safe are ${list(SAFE_SYSCTLS)}` };
            }
        },
    },
];

/** Those that "baseline" and "restricted" allow. */
const SAFE_SYSCTLS: ReadonlySet<string> = new Set([
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
]);

/** The Pod Security Standard "restricted", and a read-only root: one rule a check. */
export const podSecurityRules: readonly Rule[] = checks.map(toRule);
