import type { GoodMesh, Manifest } from "../good-mesh";
import type { Example, Examples } from "./example";

const customer = "Deployment/ecommerce/customer-api";
const gateway = "Service/istio-system/istio-ingressgateway";
const template = "spec.template.spec";
const pod = (mesh: GoodMesh): Manifest => mesh.get(customer).spec.template.spec;
const container = (mesh: GoodMesh): Manifest => pod(mesh).containers[0];
const security = (mesh: GoodMesh): Manifest => container(mesh).securityContext;
const inContainer = (field: string) => [`${customer} ${template}.containers[0].${field}`];

/** A second container of one of the other kinds, as sound as the first. */
function addContainer(mesh: GoodMesh, list: string, more: object = {}): Manifest {
    const added = { ...structuredClone(container(mesh)), name: "second", image: `tool@${"0".repeat(64)}`, ...more };
    for (const field of ["args", "ports", "readinessProbe"]) delete added[field];
    (pod(mesh)[list] ??= []).push(added);
    return added;
}

const prefix = "service.beta.kubernetes.io/aws-load-balancer-";
const attributes = {
    "load_balancing.cross_zone.enabled": "true",
    "deletion_protection.enabled": "true",
    "access_logs.s3.enabled": "true",
    "access_logs.s3.bucket": "shop-logs",
};

/** The gateway behind a network load balancer, with changes of its annotations and attributes. */
function balanced(
    change: Readonly<Record<string, string | undefined>> = {},
    changed: Readonly<Record<string, string>> = {},
): (mesh: GoodMesh) => void {
    return (mesh) => {
        const service = mesh.get(gateway);
        service.spec.type = "LoadBalancer";
        delete service.spec.ports[1].nodePort;
        const annotations = {
            type: "external",
            "nlb-target-type": "ip",
            scheme: "internet-facing",
            "ssl-cert": "arn:aws:acm:ap-northeast-2:111122223333:certificate/1",
            "ssl-negotiation-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
            attributes: Object.entries({ ...attributes, ...changed })
                .map(([name, value]) => `${name}=${value}`)
                .join(","),
            ...change,
        };
        service.metadata.annotations = Object.fromEntries(
            Object.entries(annotations)
                .filter(([, value]) => value !== undefined)
                .map(([name, value]) => [`${prefix}${name}`, value]),
        );
    };
}

const annotation = (name: string) => [`${gateway} metadata.annotations["${prefix}${name}"]`];

/** A load balancer without one of its attributes. */
function withoutAttribute(name: keyof typeof attributes): Example {
    return {
        bad: { mesh: balanced({}, { [name]: "false" }) },
        found: annotation("attributes"),
        good: { mesh: balanced() },
    };
}

const strict = "PeerAuthentication/istio-system/default";

export const kubernetesExamples: Examples = {
    "run-as-non-root": {
        bad: {
            mesh: (mesh) => {
                delete pod(mesh).securityContext.runAsNonRoot;
                addContainer(mesh, "initContainers").securityContext.runAsNonRoot = true;
            },
        },
        found: inContainer("securityContext.runAsNonRoot"),
        good: {
            mesh: (mesh) => {
                delete pod(mesh).securityContext.runAsNonRoot;
                Object.assign(security(mesh), { runAsNonRoot: true, runAsUser: 65532 });
            },
        },
    },
    "read-only-root": {
        bad: { mesh: (mesh) => delete security(mesh).readOnlyRootFilesystem },
        found: inContainer("securityContext.readOnlyRootFilesystem"),
        good: {
            mesh: (mesh) => {
                pod(mesh).volumes = [{ name: "scratch", emptyDir: {} }];
                container(mesh).volumeMounts = [{ name: "scratch", mountPath: "/tmp" }];
            },
        },
    },
    "privilege-escalation": {
        bad: {
            mesh: (mesh) => {
                addContainer(mesh, "ephemeralContainers").securityContext.allowPrivilegeEscalation = true;
            },
        },
        found: [`${customer} ${template}.ephemeralContainers[0].securityContext.allowPrivilegeEscalation`],
        good: { mesh: (mesh) => addContainer(mesh, "ephemeralContainers", { resources: undefined }) },
    },
    "privileged-container": {
        bad: { mesh: (mesh) => (security(mesh).privileged = true) },
        found: inContainer("securityContext.privileged"),
        good: { mesh: (mesh) => (security(mesh).privileged = false) },
    },
    "dropped-capabilities": {
        bad: { mesh: (mesh) => (security(mesh).capabilities.drop = ["NET_RAW"]) },
        found: inContainer("securityContext.capabilities.drop"),
        good: { mesh: (mesh) => (security(mesh).capabilities.drop = ["NET_RAW", "ALL"]) },
    },
    "added-capabilities": {
        bad: { mesh: (mesh) => (security(mesh).capabilities.add = ["NET_BIND_SERVICE", "SYS_ADMIN"]) },
        found: inContainer("securityContext.capabilities.add[1]"),
        good: { mesh: (mesh) => (security(mesh).capabilities.add = ["NET_BIND_SERVICE"]) },
    },
    "seccomp-profile": {
        bad: { mesh: (mesh) => (security(mesh).seccompProfile = { type: "Unconfined" }) },
        found: inContainer("securityContext.seccompProfile.type"),
        good: {
            mesh: (mesh) => {
                delete pod(mesh).securityContext.seccompProfile;
                security(mesh).seccompProfile = { type: "Localhost", localhostProfile: "shop.json" };
            },
        },
    },
    "host-namespaces": {
        bad: { mesh: (mesh) => Object.assign(pod(mesh), { hostNetwork: true, hostPID: true }) },
        found: [`${customer} ${template}.hostNetwork`, `${customer} ${template}.hostPID`],
        good: { mesh: (mesh) => Object.assign(pod(mesh), { hostNetwork: false, hostIPC: false }) },
    },
    "host-port": {
        bad: { mesh: (mesh) => (container(mesh).ports[0].hostPort = 5678) },
        found: inContainer("ports[0].hostPort"),
        good: { mesh: (mesh) => (container(mesh).ports[0].hostPort = 0) },
    },
    "host-path": {
        bad: { mesh: (mesh) => (pod(mesh).volumes = [{ name: "node", hostPath: { path: "/var/lib/kubelet" } }]) },
        found: [`${customer} ${template}.volumes[0].hostPath`],
        good: { mesh: (mesh) => (pod(mesh).volumes = [{ name: "settings", configMap: { name: "shop" } }]) },
    },
    "unsafe-sysctl": {
        bad: { mesh: (mesh) => (pod(mesh).securityContext.sysctls = [{ name: "net.core.somaxconn", value: "1" }]) },
        found: [`${customer} ${template}.securityContext.sysctls[0].name`],
        good: {
            mesh: (mesh) =>
                (pod(mesh).securityContext.sysctls = [{ name: "net.ipv4.ip_unprivileged_port_start", value: "80" }]),
        },
    },
    "image-tag": {
        bad: {
            mesh: (mesh) => (container(mesh).image = "registry.example.com:5000/shop/customers"),
            settings: { environment: "dev" },
        },
        found: inContainer("image"),
        good: {
            mesh: (mesh) => (container(mesh).image = "registry.example.com:5000/shop/customers:1.2"),
            settings: { environment: "dev" },
        },
    },
    "image-digest": {
        bad: { mesh: (mesh) => (container(mesh).image = "registry.example.com/shop/customers:1.2") },
        found: inContainer("image"),
        good: {
            mesh: (mesh) => (container(mesh).image = `registry.example.com/shop/customers@sha256:${"0".repeat(64)}`),
        },
    },
    "resource-requests": {
        bad: { mesh: (mesh) => delete container(mesh).resources.requests.memory },
        found: inContainer("resources.requests.memory"),
        good: { mesh: (mesh) => (container(mesh).resources.requests["ephemeral-storage"] = "1Gi") },
    },
    "memory-limit": {
        bad: { mesh: (mesh) => (container(mesh).resources.limits = { cpu: "1" }) },
        found: inContainer("resources.limits.memory"),
        good: { mesh: (mesh) => (container(mesh).resources.limits = { memory: "64Mi", cpu: "1" }) },
    },
    "readiness-probe": {
        bad: { mesh: (mesh) => delete container(mesh).readinessProbe },
        found: inContainer("readinessProbe"),
        good: { mesh: (mesh) => addContainer(mesh, "containers", { command: ["/reload"] }) },
    },
    "disruption-budget": {
        bad: { mesh: (mesh) => mesh.remove("PodDisruptionBudget/ecommerce/customer-api") },
        found: [`${customer} spec.replicas`],
        good: {
            mesh: (mesh) => {
                mesh.remove("PodDisruptionBudget/ecommerce/customer-api");
                mesh.get(customer).spec.replicas = 1;
            },
        },
    },
    "blocking-budget": {
        bad: {
            mesh: (mesh) =>
                (mesh.get("PodDisruptionBudget/ecommerce/customer-api").spec = {
                    minAvailable: 2,
                    selector: { matchLabels: { app: "customer-api" } },
                }),
        },
        found: ["PodDisruptionBudget/ecommerce/customer-api spec.minAvailable"],
        good: {
            mesh: (mesh) =>
                (mesh.get("PodDisruptionBudget/ecommerce/customer-api").spec = {
                    minAvailable: "50%",
                    selector: { matchLabels: { app: "customer-api" } },
                }),
        },
    },
    "topology-spread": {
        bad: { mesh: (mesh) => delete pod(mesh).topologySpreadConstraints },
        found: [`${customer} ${template}.topologySpreadConstraints`],
        good: {
            mesh: (mesh) => {
                delete pod(mesh).topologySpreadConstraints;
                pod(mesh).affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [] } };
            },
        },
    },
    "default-namespace": {
        bad: {
            mesh: (mesh) => {
                const stray = structuredClone(mesh.get(customer));
                stray.metadata = { name: "stray" };
                stray.spec.replicas = 1;
                mesh.objects.set("stray", stray);
                mesh.add(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: closed, namespace: default }
spec: { podSelector: {} }`);
            },
        },
        found: ["Deployment/default/stray metadata.namespace"],
    },
    "default-service-account": {
        bad: { mesh: (mesh) => delete pod(mesh).serviceAccountName },
        found: [`${customer} ${template}.serviceAccountName`],
        good: { mesh: (mesh) => (pod(mesh).serviceAccountName = "customers") },
    },
    "service-account-token": {
        bad: { mesh: (mesh) => delete pod(mesh).automountServiceAccountToken },
        found: [`${customer} ${template}.automountServiceAccountToken`],
        good: {
            mesh: (mesh) => {
                delete pod(mesh).automountServiceAccountToken;
                mesh.add(`
apiVersion: v1
kind: ServiceAccount
metadata: { name: customer-api, namespace: ecommerce }
automountServiceAccountToken: false`);
            },
        },
    },
    "rbac-wildcard": {
        bad: {
            mesh: (mesh) =>
                (mesh.get("ClusterRole/istiod").rules = [
                    { apiGroups: [""], resources: ["*"], verbs: ["get", "list", "watch"] },
                    { apiGroups: ["apps"], resources: ["deployments"], verbs: ["*"] },
                ]),
        },
        found: ["ClusterRole/istiod rules[0].resources", "ClusterRole/istiod rules[1].verbs"],
        good: {
            mesh: (mesh) =>
                (mesh.get("ClusterRole/istiod").rules = [
                    { apiGroups: ["networking.k8s.io"], resources: ["ingresses/status"], verbs: ["*"] },
                ]),
        },
    },
    "rbac-escalation": {
        bad: {
            mesh: (mesh) =>
                (mesh.get("ClusterRole/istiod").rules = [
                    { apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"], verbs: ["get", "bind"] },
                ]),
        },
        found: ["ClusterRole/istiod rules[0].verbs"],
        good: {
            mesh: (mesh) =>
                (mesh.get("ClusterRole/istiod").rules = [
                    { apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"], verbs: ["get"] },
                ]),
        },
    },
    "cluster-admin": {
        bad: { mesh: (mesh) => (mesh.get("ClusterRoleBinding/istiod").roleRef.name = "cluster-admin") },
        found: ["ClusterRoleBinding/istiod roleRef.name"],
        good: { mesh: (mesh) => (mesh.get("ClusterRoleBinding/istiod").roleRef.name = "view") },
    },
    "plain-secret-env": {
        bad: {
            mesh: (mesh) =>
                (container(mesh).env = [
                    { name: "CURRENCY", value: "KRW" },
                    { name: "DB_PASSWORD", value: "tiger" },
                ]),
        },
        found: inContainer("env[1].value"),
        good: {
            mesh: (mesh) =>
                (container(mesh).env = [
                    { name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
                    { name: "DB_PASSWORD_FILE", value: "/run/secrets/db" },
                    { name: "USE_TOKEN", value: "true" },
                ]),
        },
    },
    "plain-secret-config-map": {
        bad: {
            mesh: (mesh) =>
                Object.assign(mesh.get("ConfigMap/ecommerce/shop").data, {
                    "tls.pem": "-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----",
                }),
        },
        found: ['ConfigMap/ecommerce/shop data["tls.pem"]'],
        good: {
            mesh: (mesh) =>
                Object.assign(mesh.get("ConfigMap/ecommerce/shop").data, {
                    "ca.pem": "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----",
                }),
        },
    },
    "storage-class-encryption": {
        bad: { mesh: (mesh) => delete mesh.get("StorageClass/encrypted").parameters.encrypted },
        found: ["StorageClass/encrypted parameters.encrypted"],
        good: {
            mesh: (mesh) =>
                Object.assign(mesh.get("StorageClass/encrypted"), { provisioner: "efs.csi.aws.com", parameters: {} }),
        },
    },
    "default-deny": {
        bad: {
            mesh: (mesh) =>
                (mesh.get("NetworkPolicy/ecommerce/declared-only").spec.podSelector = {
                    matchLabels: { app: "order-api" },
                }),
        },
        found: ["Namespace/ecommerce metadata.name"],
        good: {
            mesh: (mesh) =>
                (mesh.get("NetworkPolicy/ecommerce/declared-only").spec = { podSelector: {}, ingress: [{}] }),
        },
    },
    "strict-mutual-tls": {
        bad: { mesh: (mesh) => mesh.remove(strict) },
        found: ["Deployment/istio-system/istiod metadata.namespace"],
    },
    "mutual-tls-exception": {
        bad: {
            mesh: (mesh) =>
                mesh.add(`
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: orders, namespace: ecommerce }
spec: { selector: { matchLabels: { app: order-api } }, portLevelMtls: { "5678": { mode: PERMISSIVE } } }`),
        },
        found: ["PeerAuthentication/ecommerce/orders spec.portLevelMtls.5678.mode"],
        good: {
            mesh: (mesh) =>
                mesh.add(`
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: orders, namespace: ecommerce }
spec: { selector: { matchLabels: { app: order-api } }, portLevelMtls: { "5678": { mode: STRICT } } }`),
        },
    },
    "plain-client": {
        bad: {
            mesh: (mesh) =>
                (mesh.get("DestinationRule/ecommerce/customer-api").spec.trafficPolicy.tls = { mode: "DISABLE" }),
        },
        found: ["DestinationRule/ecommerce/customer-api spec.trafficPolicy.tls.mode"],
        good: {
            mesh: (mesh) =>
                (mesh.get("DestinationRule/ecommerce/customer-api").spec.trafficPolicy.tls = { mode: "ISTIO_MUTUAL" }),
        },
    },
    "wildcard-authorization": {
        bad: {
            mesh: (mesh) =>
                (mesh.get("AuthorizationPolicy/ecommerce/order-api").spec.rules = [
                    {},
                    { from: [{ source: { principals: ["*"] } }] },
                ]),
        },
        found: [
            "AuthorizationPolicy/ecommerce/order-api spec.rules[0]",
            "AuthorizationPolicy/ecommerce/order-api spec.rules[1].from[0].source",
        ],
        good: { mesh: (mesh) => (mesh.get("AuthorizationPolicy/ecommerce/order-api").spec = {}) },
    },
    "sidecar-bypass": {
        bad: {
            mesh: (mesh) => {
                mesh.get(customer).spec.template.metadata.annotations = {
                    "traffic.sidecar.istio.io/excludeInboundPorts": "5678",
                };
                security(mesh).runAsUser = 1337;
            },
        },
        found: [
            `${customer} spec.template.metadata.annotations["traffic.sidecar.istio.io/excludeInboundPorts"]`,
            ...inContainer("securityContext.runAsUser"),
        ],
        good: {
            mesh: (mesh) => {
                mesh.get(customer).spec.template.metadata.annotations = {
                    "traffic.sidecar.istio.io/includeInboundPorts": "*",
                };
                security(mesh).runAsUser = 65532;
            },
        },
    },
    "webhook-failure-policy": {
        bad: {
            mesh: (mesh) =>
                (mesh.get("MutatingWebhookConfiguration/istio-sidecar-injector").webhooks[0].failurePolicy = "Ignore"),
        },
        found: ["MutatingWebhookConfiguration/istio-sidecar-injector webhooks[0].failurePolicy"],
        good: {
            mesh: (mesh) =>
                delete mesh.get("MutatingWebhookConfiguration/istio-sidecar-injector").webhooks[0].failurePolicy,
        },
    },
    "gateway-tls": {
        bad: {
            mesh: (mesh) =>
                Object.assign(mesh.get("Gateway/ecommerce/ecommerce-gateway").spec.servers[0], {
                    port: { number: 15021, name: "https", protocol: "HTTPS" },
                    tls: { mode: "SIMPLE", credentialName: "shop", minProtocolVersion: "TLSV1_0" },
                }),
        },
        found: ["Gateway/ecommerce/ecommerce-gateway spec.servers[0].tls.minProtocolVersion"],
        good: {
            mesh: (mesh) =>
                Object.assign(mesh.get("Gateway/ecommerce/ecommerce-gateway").spec.servers[0], {
                    port: { number: 15021, name: "https", protocol: "HTTPS" },
                    tls: { mode: "SIMPLE", credentialName: "shop", minProtocolVersion: "TLSV1_3" },
                }),
        },
    },
    "external-ips": {
        bad: { mesh: (mesh) => (mesh.get("Service/ecommerce/order-api").spec.externalIPs = ["203.0.113.7"]) },
        found: ["Service/ecommerce/order-api spec.externalIPs"],
        good: { mesh: (mesh) => (mesh.get("Service/ecommerce/order-api").spec.externalIPs = []) },
    },
    "load-balancer-ports": {
        bad: {
            mesh: (mesh) => {
                balanced()(mesh);
                mesh.get(gateway).spec.ports.push({ name: "metrics", port: 9000, targetPort: 15090 });
            },
        },
        found: [`${gateway} spec.ports[2]`],
        good: { mesh: balanced() },
    },
    "nlb-controller": {
        bad: { mesh: balanced({ type: undefined }) },
        found: annotation("type"),
        good: {
            mesh: (mesh) => {
                balanced({ type: undefined })(mesh);
                mesh.get(gateway).spec.loadBalancerClass = "service.k8s.aws/nlb";
            },
        },
    },
    "nlb-scheme": {
        bad: { mesh: balanced({ scheme: undefined }) },
        found: annotation("scheme"),
        good: { mesh: balanced({ scheme: "internal" }) },
    },
    "nlb-tls-policy": {
        bad: { mesh: balanced({ "ssl-negotiation-policy": "ELBSecurityPolicy-2016-08" }) },
        found: annotation("ssl-negotiation-policy"),
        good: { mesh: balanced({ "ssl-cert": undefined, "ssl-negotiation-policy": undefined }) },
    },
    "nlb-cross-zone": withoutAttribute("load_balancing.cross_zone.enabled"),
    "nlb-deletion-protection": withoutAttribute("deletion_protection.enabled"),
    "nlb-access-logs": withoutAttribute("access_logs.s3.enabled"),
};
