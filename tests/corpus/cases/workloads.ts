import type { Manifest, Mistake, System } from "../corpus";
import { type Short, toMistake } from "./routes";

const ORDERS = "Deployment/shop/orders";
const PODS = "https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/";
const INJECTION = "https://istio.io/latest/docs/ops/common-problems/injection/";
const REQUIREMENTS = "https://istio.io/latest/docs/ops/deployment/application-requirements/";
const template = (system: System): Manifest => system.get(ORDERS).spec.template;
const pods = (system: System): Manifest => template(system).spec;
const container = (system: System): Manifest => pods(system).containers[0];
const annotate = (key: string, value: string) => (system: System) =>
    (template(system).metadata.annotations = { [key]: value });

/** Mistakes in workloads, what they refer to, and their injection. */
export const workloadMistakes: readonly Mistake[] = [
    ...(
        [
            [
                "selector-template",
                "a Deployment's selector and its pods' labels differ",
                "C8 problem 2",
                "workload-selector",
                (s) => (s.get(ORDERS).spec.selector.matchLabels.app = "order"),
            ],
            [
                "account-missing",
                "a ServiceAccount that is not there",
                PODS,
                "missing-reference",
                (s) => (pods(s).serviceAccountName = "order"),
            ],
            [
                "config-map-missing",
                "a ConfigMap that is misspelt",
                PODS,
                "missing-reference",
                (s) => (pods(s).volumes[0].configMap.name = "order"),
            ],
            [
                "secret-missing",
                "a Secret that is not there",
                PODS,
                "missing-reference",
                (s) => (container(s).env[2].valueFrom.secretKeyRef.name = "orders-database"),
            ],
            [
                "secret-key",
                "a key that the Secret lacks",
                PODS,
                "missing-reference",
                (s) => (container(s).env[2].valueFrom.secretKeyRef.key = "pass"),
            ],
            [
                "volume-missing",
                "a mount of a volume that the pods do not have",
                PODS,
                "pod-parts",
                (s) => (container(s).volumeMounts[0].name = "setting"),
            ],
            [
                "limit-below-request",
                "a limit below the request",
                PODS,
                "pod-parts",
                (s) => (container(s).resources.limits.memory = "32Mi"),
            ],
            [
                "quantity",
                "an amount of memory that is none",
                PODS,
                "pod-parts",
                (s) => (container(s).resources.limits.memory = "128MB"),
            ],
            [
                "probe-port-name",
                "a probe of a port that has another name",
                "C1",
                "probe-port",
                (s) => (container(s).readinessProbe.httpGet.port = "web"),
            ],
            [
                "probe-port-number",
                "a probe of a port that nobody listens on",
                "C1",
                "probe-port",
                (s) => (container(s).readinessProbe.httpGet.port = 8081),
            ],
            [
                "field-typo",
                "containerport in the place of containerPort",
                "C8",
                "unknown-field",
                (s) => (container(s).ports[0] = { containerport: 8080, name: "http" }),
            ],
            [
                "field-depth",
                "livenessProbe beside containers in the place of inside",
                "C8",
                "unknown-field",
                (s) => (pods(s).livenessProbe = { httpGet: { path: "/", port: 8080 } }),
            ],
            [
                "variable-number",
                "a variable's number without quotation marks",
                "C8",
                "field-value",
                (s) => container(s).env.push({ name: "POOL", value: 5 }),
            ],
            [
                "label-number",
                "a label's number without quotation marks",
                "C8",
                "field-value",
                (s) => (template(s).metadata.labels.version = 2),
            ],
            [
                "proxy-user",
                "pods that run as the proxy's user",
                "IST0144",
                "proxy-conflict",
                (s) => (pods(s).securityContext = { runAsUser: 1337 }),
            ],
            [
                "proxy-port",
                "a container on the proxy's port",
                REQUIREMENTS,
                "proxy-conflict",
                (s) => container(s).ports.push({ containerPort: 15001, name: "admin" }),
            ],
            [
                "annotation-unknown",
                "an annotation of Istio that is misspelt",
                "IST0108",
                "injection-label",
                annotate("traffic.sidecar.istio.io/excludeInboundPort", "8081"),
            ],
            [
                "annotation-value",
                "ports of an annotation that are none",
                "IST0125",
                "injection-label",
                annotate("traffic.sidecar.istio.io/excludeInboundPorts", "8080;8081"),
            ],
            [
                "annotation-ranges",
                "an address block of an annotation that is none",
                "IST0125",
                "injection-label",
                annotate("traffic.sidecar.istio.io/includeOutboundIPRanges", "10.0.0.0"),
            ],
            [
                "annotation-misplaced",
                "an annotation of pods on the Deployment",
                "IST0107",
                "injection-label",
                (s) => (s.get(ORDERS).metadata.annotations = { "proxy.istio.io/config": "concurrency: 1" }),
            ],
            [
                "inject-misplaced",
                "the label of injection on the Deployment",
                INJECTION,
                "injection-label",
                (s) => (s.get(ORDERS).metadata.labels = { "sidecar.istio.io/inject": "true" }),
            ],
            [
                "inject-value",
                "yes in the place of true",
                INJECTION,
                "injection-label",
                (s) => (template(s).metadata.labels["sidecar.istio.io/inject"] = "yes"),
            ],
            [
                "inject-off",
                "pods that routes lead to refuse the sidecar",
                "IST0103",
                "sidecar-injection",
                (s) => (template(s).metadata.labels["sidecar.istio.io/inject"] = "false"),
            ],
            [
                "probe-rewrite",
                "probes without a certificate in a STRICT mesh",
                "https://istio.io/latest/docs/ops/configuration/mesh/app-health-check/",
                "probe-rewrite",
                annotate("sidecar.istio.io/rewriteAppHTTPProbers", "false"),
            ],
            [
                "called-name",
                "a variable with the address of a Service that is misspelt",
                "C1",
                "called-service",
                (s) => (container(s).env[0].value = "http://pays.payments.svc.cluster.local:8080/v1"),
            ],
            [
                "called-port",
                "a variable with a port that the Service lacks",
                "C1",
                "called-service",
                (s) => (container(s).env[0].value = "http://pay.payments.svc.cluster.local:9000/v1"),
            ],
            [
                "echo-without-args",
                "an echo container without its text",
                "C8 problem 3",
                "container-args",
                (s) => (container(s).image = "hashicorp/http-echo:1.0.0"),
            ],
            [
                "apps-v1beta1",
                "an API version that is gone",
                "IST0002",
                "api-version",
                (s) => (s.get(ORDERS).apiVersion = "extensions/v1beta1"),
            ],
            [
                "restart-policy",
                "a restart policy that a Deployment does not have",
                "C1",
                "pod-parts",
                (s) => (pods(s).restartPolicy = "Never"),
            ],
        ] satisfies Short[]
    ).map(toMistake(ORDERS)),
    ...(
        [
            [
                "namespace-not-injected",
                "a namespace without injection",
                "IST0102",
                "sidecar-injection",
                (s) => (s.get("Namespace/shop").metadata.labels = { team: "shop" }),
            ],
            [
                "injection-value",
                "istio-injection: true",
                INJECTION,
                "injection-label",
                (s) => (s.get("Namespace/shop").metadata.labels["istio-injection"] = "true"),
            ],
            [
                "injection-label-typo",
                "the label of injection is misspelt",
                INJECTION,
                "injection-label",
                (s) => {
                    s.get("Namespace/shop").metadata.labels = { team: "shop", "istio-injecton": "enabled" };
                },
            ],
            [
                "injection-both",
                "injection by two labels",
                "IST0123",
                "injection-label",
                (s) => (s.get("Namespace/shop").metadata.labels["istio.io/rev"] = "canary"),
            ],
            [
                "injection-annotation",
                "istio-injection as an annotation",
                INJECTION,
                "injection-label",
                (s) => (s.get("Namespace/shop").metadata.annotations = { "istio-injection": "enabled" }),
            ],
            [
                "ambient-and-sidecars",
                "a namespace that is ambient and injected",
                "https://istio.io/latest/docs/ambient/usage/add-workloads/",
                "injection-label",
                (s) => (s.get("Namespace/shop").metadata.labels["istio.io/dataplane-mode"] = "ambient"),
            ],
            [
                "waypoint-missing",
                "a waypoint that is not there",
                "https://istio.io/latest/docs/ambient/usage/waypoint/",
                "waypoint",
                (s) => (s.get("Namespace/shop").metadata.labels["istio.io/use-waypoint"] = "waypoint"),
            ],
        ] satisfies Short[]
    ).map(toMistake("Namespace/shop")),
    ...(
        [
            [
                "scaler-target",
                "an autoscaler of a Deployment that is not there",
                "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/",
                "missing-reference",
                (s) => (s.get("HorizontalPodAutoscaler/shop/web").spec.scaleTargetRef.name = "webs"),
                undefined,
                "HorizontalPodAutoscaler/shop/web",
            ],
            [
                "webhook-port",
                "the injection webhook's port leads nowhere",
                "C8 problem 1",
                "webhook-service",
                (s) =>
                    (s.get(
                        "MutatingWebhookConfiguration/istio-sidecar-injector",
                    ).webhooks[0].clientConfig.service.port = 8443),
                undefined,
                "MutatingWebhookConfiguration/istio-sidecar-injector",
            ],
            [
                "webhook-service-name",
                "the injection webhook's Service is misspelt",
                "IST0139",
                "webhook-service",
                (s) =>
                    (s.get(
                        "MutatingWebhookConfiguration/istio-sidecar-injector",
                    ).webhooks[0].clientConfig.service.name = "istio-pilot"),
                undefined,
                "MutatingWebhookConfiguration/istio-sidecar-injector",
            ],
            [
                "binding-account",
                "a RoleBinding for an account that is not there",
                "https://kubernetes.io/docs/reference/access-authn-authz/rbac/",
                "missing-reference",
                (s) =>
                    s.add(`
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: orders, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ kind: ServiceAccount, name: order, namespace: shop }]`),
                undefined,
                "RoleBinding/shop/orders",
            ],
        ] satisfies Short[]
    ).map(toMistake("")),
];
