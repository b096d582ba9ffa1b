import { strict as assert } from "node:assert";
import { outlierProfiles } from "../../../components/config/traffic";
import { validateConfig } from "../../../components/config/validate";
import { stackFileConfig } from "../../support/program";

/** The problems of a configuration; `cluster` is there unless the case is about it. */
function problems(values: Record<string, unknown>): string[] {
    const result = validateConfig({ cluster: { kind: "embedded" }, ...values });
    return result.ok ? [] : result.problems;
}

const outlier = {
    interval: "1s",
    consecutive5xxErrors: 3,
    baseEjectionTime: "30s",
    maxEjectionPercent: 100,
    minHealthPercent: 0,
};
const exception = { namespace: "egov-infra", app: "gateway-server", port: 9000, mode: "PERMISSIVE" };
/** simple-backend with a route to the profile x, and one whose retries look at codes. */
const studyBackend = {
    routes: [
        { name: "x", match: { prefix: "/x" }, weights: { x: 100 } },
        { name: "codes", match: { prefix: "/codes" }, retries: { attempts: 1, retryOn: ["retriable-status-codes"] } },
    ],
    retriableStatusCodes: { route: "codes", codes: [408], backOff: "50ms" },
};
/** The study with other profiles of simple-backend. */
const zoned = (profiles: object) => ({ study: { enabled: true, simpleBackend: { ...studyBackend, profiles } } });
const shares = (from: string, to: Record<string, number>) => ({ distribute: { [from]: to } });
const route = (values: Record<string, unknown>) => ({ name: "r", match: { prefix: "/r" }, ...values });
const routePolicy = { timeout: "30s", retries: { attempts: 3, perTryTimeout: "10s", retryOn: ["5xx"] } };

describe("Configuration: validation", () => {
    for (const stack of ["local", "dev", "prod"])
        it(`accepts Pulumi.${stack}.yaml`, () => {
            const result = validateConfig(stackFileConfig(stack));
            assert.ok(result.ok, result.ok ? "" : result.message);
        });

    describe("names one problem by path, and says what is allowed", () => {
        const cases: [title: string, values: Record<string, unknown>, problem: string][] = [
            ["a missing cluster", { cluster: undefined }, "cluster: missing; it must be a group of keys"],
            [
                "an unknown kind of cluster",
                { cluster: { kind: "minikube" } },
                'cluster.kind: must be one of "embedded", "kind", "eks", but is "minikube"',
            ],
            [
                "an unknown key at the top, with the nearest known one",
                { ecomerce: {} },
                'ecomerce: unknown key, did you mean "ecommerce"? Known here: cluster, mesh, sampleImage, egov, ecommerce, study, monitoring, alertingSecrets, policy, verification',
            ],
            [
                "an unknown nested key, with the nearest known one",
                { egov: { hello: { wieghts: {} } } },
                'egov.hello.wieghts: unknown key, did you mean "weights"? Known here: subsets, path, weights, routes',
            ],
            [
                "an unknown key of the chosen kind of cluster",
                { cluster: { kind: "kind", region: "ap-northeast-2" } },
                "cluster.region: unknown key. Known here: kind, name, nodes, hostPorts, runtime, nodeImage, registryMirrors, adopt",
            ],
            [
                "text where a number belongs",
                { ecommerce: { replicas: "2" } },
                'ecommerce.replicas: must be a whole number, but is "2"',
            ],
            [
                "a fraction where a whole number belongs",
                { ecommerce: { replicas: 1.5 } },
                "ecommerce.replicas: must be a whole number, but is 1.5",
            ],
            ["a value instead of a group", { mesh: "1.29.1" }, 'mesh: must be a group of keys, but is "1.29.1"'],
            [
                "a duration without a unit",
                { verification: { deadline: "90" } },
                'verification.deadline: must be a number with a unit: "500ms", "30s", "5m" or "1h", but is "90"',
            ],
            [
                "a number for a duration, with an example",
                { verification: { deadline: 90 } },
                'verification.deadline: must be text such as "10s", but is 90',
            ],
            [
                "a duration of nothing",
                { verification: { deadline: "0s" } },
                'verification.deadline: must be longer than 0, which Istio takes for no limit at all, but is "0s"',
            ],
            [
                "a negative percentage",
                { egov: { outlierDetection: { ...outlier, minHealthPercent: -5 } } },
                "egov.outlierDetection.minHealthPercent: must be at least 0 %, but is -5",
            ],
            [
                "more than all",
                { egov: { outlierDetection: { ...outlier, maxEjectionPercent: 101 } } },
                "egov.outlierDetection.maxEjectionPercent: must be at most 100 %, but is 101",
            ],
            [
                "a profile that does not exist",
                { egov: { outlierDetection: "staging" } },
                'egov.outlierDetection: must be one of "test", "production", but is "staging"',
            ],
            [
                "a NodePort outside Kubernetes' range",
                { mesh: { ingressGateway: { nodePorts: { egov: 80 } } } },
                "mesh.ingressGateway.nodePorts.egov: must be 30000 to 32767, but is 80",
            ],
            [
                "a port of the sidecar's own",
                { egov: { gatewayServer: { port: 15001 } } },
                "egov.gatewayServer.port: must be outside 15000 to 15099, which belong to the sidecar, but is 15001",
            ],
            [
                "a path without its slash",
                { egov: { hello: { path: "hello" } } },
                'egov.hello.path: must be a path that begins with "/" and does not end with it, but is "hello"',
            ],
            ["an empty list", { ecommerce: { hosts: [] } }, "ecommerce.hosts: must be at least 1 entry, but is []"],
            [
                "an unknown retry condition",
                {
                    ecommerce: {
                        routePolicy: { ...routePolicy, retries: { ...routePolicy.retries, retryOn: ["500"] } },
                    },
                },
                'ecommerce.routePolicy.retries.retryOn.0: must be one of "5xx", "gateway-error", "reset", "connect-failure", "refused-stream", "retriable-4xx", "retriable-status-codes", "unavailable", "cancelled", "deadline-exceeded", "resource-exhausted", "internal", but is "500"',
            ],
            [
                "a filter that is no regular expression",
                { verification: { grep: "(" } },
                'verification.grep: must be a regular expression, for example "E5|C3", but is "("',
            ],
            [
                "a name that Kubernetes does not take",
                { ecommerce: { services: { Order_API: { path: "/o", response: "x" } } } },
                "ecommerce.services.Order_API: the name must be lower-case letters, digits and -, beginning and ending with a letter or digit",
            ],
        ];
        for (const [title, values, problem] of cases)
            it(title, () => assert.deepEqual(problems(values), [`istio-platform:${problem}`]));
    });

    describe("names what is allowed alone and wrong together", () => {
        const cases: [title: string, values: Record<string, unknown>, problem: string | string[]][] = [
            [
                "E8 weights that do not add up to 100",
                { egov: { hello: { weights: { v1: 80, v2: 30 } } } },
                "egov.hello.weights: the weights add up to 110, they must add up to 100",
            ],
            [
                "E8 a weight for a subset that no workload carries",
                { egov: { hello: { weights: { v1: 90, v3: 10 } } } },
                'egov.hello.weights.v3: no workload carries the subset "v3"; there are: v1, v2',
            ],
            [
                "E8 a weight for a subset without pods",
                {
                    egov: {
                        hello: {
                            subsets: { v1: { variant: "normal", replicas: 2 }, v2: { variant: "normal", replicas: 0 } },
                            weights: { v1: 90, v2: 10 },
                        },
                    },
                },
                'egov.hello.weights.v2: the subset "v2" has a weight but 0 replicas: its requests would fail with 503; set the weight to 0 or give it replicas',
            ],
            [
                "E8 weights of a route that do not add up to 100",
                { egov: { hello: { routes: [route({ weights: { v1: 80, v2: 10 } })] } } },
                "egov.hello.routes.0.weights: the weights add up to 90, they must add up to 100",
            ],
            [
                "E10 a mirror without pods",
                {
                    egov: {
                        hello: {
                            subsets: { v1: { variant: "normal", replicas: 2 }, v2: { variant: "error", replicas: 0 } },
                            routes: [route({ mirror: { to: "v2" } })],
                        },
                    },
                },
                'egov.hello.routes.0.mirror.to: the subset "v2" has 0 replicas: every copy would be lost',
            ],
            [
                "E10 a mirror of requests that are all aborted",
                {
                    egov: {
                        hello: { routes: [route({ mirror: { to: "v2" }, fault: { abort: { httpStatus: 500 } } })] },
                    },
                },
                "egov.hello.routes.0.mirror: all requests of the route are aborted (fault.abort), so that nothing is copied; remove one of both",
            ],
            [
                "E8 the document's routes without its second subset",
                { egov: { hello: { subsets: { v1: { variant: "normal", replicas: 2 } }, routes: "documents" } } },
                [0, 1]
                    .map((index) => `egov.hello.routes.${index}.weights.v2`)
                    .concat("egov.hello.routes.5.mirror.to")
                    .map((path) => `${path}: no workload carries the subset "v2"; there are: v1`),
            ],
            [
                "C9 a route behind one that takes all of its requests",
                {
                    egov: {
                        hello: {
                            routes: [
                                route({ match: { prefix: "/r" } }),
                                route({ name: "s", match: { prefix: "/r/s", headers: { "x-version": "v2" } } }),
                            ],
                        },
                    },
                },
                'egov.hello.routes.1.match: every request of "s" is taken by "r" before it: it would never be used; put it first or match something else',
            ],
            [
                "E3 a route with the prefix of the plain one",
                { egov: { hello: { routes: [route({ match: { prefix: "/a/b/c/hello/r" } })] } } },
                "egov.hello.routes.0.match.prefix: the prefix /a/b/c/hello of egov-hello also matches /a/b/c/hello/r: one of the two might never be reached; give them different beginnings",
            ],
            [
                "E2 no pod at all",
                { egov: { hello: { subsets: { v1: { variant: "normal", replicas: 0 } } } } },
                "egov.hello.subsets: no subset has a replica: nothing would answer; give at least one of them 1 or more",
            ],
            [
                "C2 a prefix that begins with another one",
                {
                    ecommerce: {
                        services: {
                            a: { path: "/api/order", response: "a" },
                            b: { path: "/api/orders", response: "b" },
                        },
                    },
                },
                "ecommerce.services.b.path: the prefix /api/order of a also matches /api/orders: one of the two might never be reached; give them different beginnings",
            ],
            [
                "C2 the same prefix twice",
                { ecommerce: { services: { a: { path: "/x", response: "a" }, b: { path: "/x", response: "b" } } } },
                "ecommerce.services.b.path: the prefix /x of a also matches /x: one of the two might never be reached; give them different beginnings",
            ],
            [
                "C2 E3 a prefix that takes the other system's requests",
                {
                    egov: { hello: { path: "/api" } },
                    ecommerce: { services: { a: { path: "/api/a", response: "a" } } },
                },
                "ecommerce.services.a.path: the prefix /api of egov-hello also matches /api/a: one of the two might never be reached; give them different beginnings",
            ],
            [
                "E1 one namespace for two things",
                { ecommerce: { namespace: "egov-infra" } },
                'ecommerce.namespace: "egov-infra" is already egov.namespaces.infra; every namespace has a name of its own',
            ],
            [
                "E1 a namespace of Istio's",
                { ecommerce: { namespace: "istio-system" } },
                'ecommerce.namespace: "istio-system" belongs to Kubernetes or Istio; choose a name of your own',
            ],
            [
                "P5 a certificate for nobody",
                { ecommerce: { hosts: ["*"], tls: {} } },
                'ecommerce.hosts: a certificate is for names, and "*" is none; add one, for example api.c4ang.com',
            ],
            [
                "P5 a certificate that is due at once",
                { ecommerce: { tls: { certificate: { source: "self-signed", validDays: 30 } } } },
                "ecommerce.tls.certificate.renewBeforeDays: a certificate of 30 days would be due at once, and every deployment would make another one; at most 29",
            ],
            [
                "P5 a host that is redirected and answered at once",
                { ecommerce: { tls: { httpsOnlyHosts: ["api.c4ang.com"] } } },
                "ecommerce.tls.httpsOnlyHosts.0: api.c4ang.com is among ecommerce.hosts, which are answered over plain HTTP: it cannot be redirected, too; leave it out here or there",
            ],
            [
                "S5 a token for everything of a service",
                { ecommerce: { tokens: { path: "/api/v1/saga" } } },
                "ecommerce.tokens.path: /api/v1/saga is not below the path of a service, so that nothing answers there, or everything of a service would ask for tokens; take one below /api/v1/customers/",
            ],
            [
                "S7 a limit for requests that are refused before",
                { ecommerce: { tokens: {}, rateLimit: { path: "/api/v1/saga/admin/export" } } },
                "ecommerce.rateLimit.path: requests to /api/v1/saga/admin/export without a token are refused before they count (ecommerce.tokens.path /api/v1/saga/admin); take another path",
            ],
            [
                "S7 a global limit for everything of a service",
                { ecommerce: { globalRateLimit: { path: "/api/v1/saga" } } },
                "ecommerce.globalRateLimit.path: /api/v1/saga is not below the path of a service, so that nothing answers there, or everything of a service would be limited; take one below /api/v1/customers/",
            ],
            [
                "S7 a global limit for requests that are refused before",
                { ecommerce: { tokens: {}, globalRateLimit: { path: "/api/v1/saga/admin/report" } } },
                "ecommerce.globalRateLimit.path: requests to /api/v1/saga/admin/report without a token are refused before they count (ecommerce.tokens.path /api/v1/saga/admin); take another path",
            ],
            [
                "S7 two limits for the same requests",
                { ecommerce: { rateLimit: { path: "/api/v1/saga/report/all" }, globalRateLimit: {} } },
                "ecommerce.globalRateLimit.path: ecommerce.rateLimit.path /api/v1/saga/report/all limits the same requests: which limit they meet first is left to chance; take another path",
            ],
            [
                "C14 a filter for paths that nobody has",
                { mesh: { ingressGateway: { requestFilter: { paths: ["/api/v2"] } } } },
                "mesh.ingressGateway.requestFilter.paths.0: no route begins with /api/v2, so that nothing would be looked at; there are: /a/b/c/hello, /api/v1/customers, /api/v1/orders, /api/v1/products, /api/v1/payments, /api/v1/recommendations, /api/v1/saga",
            ],
            [
                "S4 a caller that does not exist",
                { ecommerce: { authorization: { calls: { "cart-api": ["order-api"] } } } },
                'ecommerce.authorization.calls.cart-api: there is no service "cart-api"; there are: customer-api, order-api, product-api, payment-api, recommendation-api, saga-tracker',
            ],
            [
                "S4 a call to a service that does not exist",
                { ecommerce: { authorization: { calls: { "order-api": ["customer-api", "cart-api"] } } } },
                'ecommerce.authorization.calls.order-api.1: there is no service "cart-api"; there are: customer-api, order-api, product-api, payment-api, recommendation-api, saga-tracker',
            ],
            [
                "S3 an exception that is none",
                { mesh: { mtls: { exceptions: [{ ...exception, mode: "STRICT" }] } } },
                "mesh.mtls.exceptions.0.mode: STRICT is the mode of the whole mesh: the exception would change nothing; leave it out",
            ],
            [
                "S3 two exceptions for one port",
                { mesh: { mtls: { exceptions: [exception, exception] } } },
                "mesh.mtls.exceptions.1: egov-infra/gateway-server:9000 has an exception already; every port has one at most",
            ],
            [
                "S3 an exception for nobody",
                { ecommerce: { enabled: false }, mesh: { mtls: { exceptions: [{ ...exception, port: 8000 }] } } },
                "mesh.mtls.exceptions.0: no workload egov-infra/gateway-server:8000: the exception would be for nobody; there are: egov-app/egov-hello:8080, egov-infra/gateway-server:9000",
            ],
            [
                "S6 an admission to no system",
                { mesh: { networkPolicies: { admitted: { shop: ["egov-infra"] } } } },
                "mesh.networkPolicies.admitted.shop: no system has the namespace shop; there are: egov-app, egov-infra, ecommerce, istioinaction",
            ],
            [
                "S6 an admission of a namespace that is no system's",
                { mesh: { networkPolicies: { admitted: { ecommerce: ["outside"] } } } },
                "mesh.networkPolicies.admitted.ecommerce.0: no system has the namespace outside; there are: egov-app, egov-infra, ecommerce, istioinaction",
            ],
            [
                "E2 http-echo, which cannot force errors",
                { sampleImage: { app: "http-echo" } },
                'sampleImage.app: http-echo cannot force errors (E2) nor forward (E7), which egov needs: set it to "sample-app", or egov.enabled to false',
            ],
            [
                "C3 a try that may take longer than the request",
                { ecommerce: { routePolicy: { ...routePolicy, timeout: "5s" } } },
                "ecommerce.routePolicy.retries.perTryTimeout: one try may take 10s, longer than the whole request (timeout 5s): it would never act; at most 5s",
            ],
            [
                "C4 ejection that is always ignored",
                { ecommerce: { outlierDetection: { ...outlier, minHealthPercent: 60 } } },
                "ecommerce.outlierDetection.minHealthPercent: of 2 pods one ejection leaves 50 % healthy, below 60 %: every ejection would be ignored; at most 50",
            ],
            [
                "E5 ejection of nobody",
                { egov: { outlierDetection: { ...outlier, maxEjectionPercent: 30 } } },
                "egov.outlierDetection.maxEjectionPercent: one of 3 pods is 33 % of them, more than 30 %: none could be ejected; at least 34",
            ],
            [
                "P2 one NodePort for two Services",
                { mesh: { ingressGateway: { nodePorts: { http: 32314 } } } },
                "mesh.ingressGateway.nodePorts.http: 32314 is already the port of egov; every port is used once",
            ],
            [
                "P2 one port of this machine for two NodePorts",
                {
                    cluster: {
                        kind: "embedded",
                        hostPorts: [
                            { hostPort: 8000, nodePort: 30000 },
                            { hostPort: 8000, nodePort: 30005 },
                        ],
                    },
                },
                "cluster.hostPorts.1: 8000 is already the port of 0; every port is used once",
            ],
            [
                "an adopted kind cluster with what is decided when one is made",
                {
                    cluster: {
                        kind: "kind",
                        adopt: true,
                        registryMirrors: { "docker.io": ["https://mirror.example"] },
                    },
                },
                "cluster.registryMirrors: is decided when a cluster is made, and cluster.adopt takes one that is there; leave it out, or leave out cluster.adopt",
            ],
            [
                "an adopted kind cluster with another node image",
                { cluster: { kind: "kind", adopt: true, nodeImage: "kindest/node:v1.34.0" } },
                "cluster.nodeImage: is decided when a cluster is made, and cluster.adopt takes one that is there; leave it out, or leave out cluster.adopt",
            ],
            [
                "P10 a load balancer where there is none",
                { mesh: { ingressGateway: { serviceType: "LoadBalancer" } } },
                'mesh.ingressGateway.serviceType: an embedded cluster has no load balancer: the Service would wait for an address for ever; set it to "NodePort"',
            ],
            [
                "P10 more proxies at least than at most",
                { mesh: { ingressGateway: { autoscaling: { minReplicas: 5, maxReplicas: 2 } } } },
                "mesh.ingressGateway.autoscaling.minReplicas: 5 at least and 2 at most cannot both be; at most 2",
            ],
            [
                "T7 one host declared twice",
                { mesh: { egress: { hosts: { a: { host: "api.example.com" }, b: { host: "api.example.com" } } } } },
                "mesh.egress.hosts.b: api.example.com:80 is already a; Istio would take one of the two and not say which",
            ],
            [
                "T7 a host that lies in the mesh",
                { mesh: { egress: { hosts: { a: { host: "order-api.ecommerce.svc.cluster.local" } } } } },
                "mesh.egress.hosts.a.host: order-api.ecommerce.svc.cluster.local lies in the mesh: a host outside is meant, which Istio does not know by itself",
            ],
            [
                "T7 a name that the site does not have",
                { mesh: { egress: { hosts: { a: { host: "other.outside.svc.cluster.local" } }, site: {} } } },
                "mesh.egress.hosts.a.host: the site has no other; it has: partner, supplier, stranger",
            ],
            [
                "T7 the port that is to be unknown",
                {
                    mesh: {
                        egress: { hosts: { a: { host: "partner.outside.svc.cluster.local", port: 8081 } }, site: {} },
                    },
                },
                "mesh.egress.hosts.a.port: 8081 is mesh.egress.site.otherPort, the port that no Service of the mesh has: declare 80, or choose another otherPort",
            ],
            [
                "T7 a host outside that nobody declares",
                {
                    mesh: { egress: { hosts: { a: { host: "api.example.com" } } } },
                    ecommerce: { scope: { outside: ["b"] } },
                },
                'ecommerce.scope.outside.0: mesh.egress.hosts has no "b"; it has: a',
            ],
            [
                "P11 the site in a namespace of another system",
                { mesh: { egress: { site: { namespace: "ecommerce" } } } },
                'mesh.egress.site.namespace: "ecommerce" is already ecommerce.namespace; every namespace has a name of its own',
            ],
            [
                "P8 more requested than allowed",
                { mesh: { sidecar: { requests: { cpu: "10m", memory: "2Gi" }, limits: { memory: "1Gi" } } } },
                "mesh.sidecar.requests.memory: 2Gi is more than the limit of 1Gi; at most 1Gi",
            ],
            [
                "T3 http-echo, which cannot forward",
                { sampleImage: { app: "http-echo" }, egov: { enabled: false }, study: { enabled: true } },
                'sampleImage.app: http-echo can neither forward (T3) nor fail (T11), which the study needs: set it to "sample-app", or study.enabled to false',
            ],
            [
                "T1 two hosts alike",
                { study: { enabled: true, hosts: { webapp: "catalog.istioinaction.io" } } },
                'study.hosts.webapp: "catalog.istioinaction.io" leads to catalog already; every host leads to one service',
            ],
            [
                "T1 a namespace of another system",
                { study: { enabled: true, namespace: "ecommerce" } },
                'study.namespace: "ecommerce" is already ecommerce.namespace; every namespace has a name of its own',
            ],
            [
                "T4 weights of a version that does not exist",
                {
                    study: {
                        enabled: true,
                        catalog: { routes: [{ name: "a", match: { prefix: "/" }, weights: { v1: 90, v3: 10 } }] },
                    },
                },
                'study.catalog.routes.0.weights.v3: no workload carries the subset "v3"; there are: v1, v2',
            ],
            [
                "T11 a try longer than the request",
                {
                    study: {
                        enabled: true,
                        simpleWeb: {
                            routes: [
                                {
                                    name: "a",
                                    match: { prefix: "/" },
                                    timeout: "0.5s",
                                    retries: { attempts: 2, perTryTimeout: "1s" },
                                },
                            ],
                        },
                    },
                },
                "study.simpleWeb.routes.0.retries.perTryTimeout: one try may take 1s, longer than the whole request (timeout 0.5s): it would never act; at most 0.5s",
            ],
            [
                "T12 a profile of a version without pods",
                { study: { enabled: true, simpleBackend: { ...studyBackend, profiles: { x: { version: "v3" } } } } },
                'study.simpleBackend.profiles.x.version: no pod has the version "v3"; there are: v1, v2',
            ],
            [
                "T12 a profile that no route leads to",
                {
                    study: {
                        enabled: true,
                        simpleBackend: { ...studyBackend, profiles: { x: {}, y: { loadBalancer: "RANDOM" } } },
                    },
                },
                "study.simpleBackend.profiles.y: no route leads to the subset: its policy would never act",
            ],
            [
                "T11 retriable codes for a route that does not look at them",
                {
                    study: {
                        enabled: true,
                        simpleBackend: {
                            retriableStatusCodes: { route: "retries-5xx", codes: [408], backOff: "50ms" },
                        },
                    },
                },
                'study.simpleBackend.retriableStatusCodes.route: the route "retries-5xx" does not retry on retriable-status-codes: the codes would never be looked at',
            ],
            [
                "T13 an ejection that leaves too few",
                {
                    study: {
                        enabled: true,
                        simpleBackend: {
                            ...studyBackend,
                            profiles: { x: { outlierDetection: { ...outlierProfiles.test, minHealthPercent: 70 } } },
                        },
                    },
                },
                "study.simpleBackend.profiles.x.outlierDetection.minHealthPercent: of 3 pods one ejection leaves 66 % healthy, below 70 %: every ejection would be ignored; at most 66",
            ],
            [
                "T9 failover that nothing would start",
                zoned({ x: { locality: "failover" } }),
                "study.simpleBackend.profiles.x: failover wants outlierDetection: without it Istio prefers no zone, since nothing would tell that its pods fail",
            ],
            [
                "T9 failover to nowhere",
                zoned({ x: { version: "v1", locality: "failover", outlierDetection: outlierProfiles.test } }),
                "study.simpleBackend.profiles.x.locality: all pods are in us-west1/us-west1-a: there is nothing to fail over to",
            ],
            [
                "T9 failover from a zone without pods",
                zoned({ x: { version: "v2", locality: "failover", outlierDetection: outlierProfiles.test } }),
                "study.simpleBackend.profiles.x.locality: no pod is in us-west1/us-west1-a, the zone of the caller (study.simpleWeb.zone): there is nothing to prefer; pods are in: us-west1/us-west1-b",
            ],
            [
                "T9 shares that are not everything",
                zoned({ x: { locality: shares("us-west1/us-west1-a", { "us-west1/us-west1-a": 70 }) } }),
                "study.simpleBackend.profiles.x.locality.distribute.us-west1/us-west1-a: the shares add up to 70, they must add up to 100",
            ],
            [
                "T9 a share of a zone without pods",
                zoned({ x: { locality: shares("us-west1/us-west1-a", { "us-west1/us-west1-c": 100 }) } }),
                "study.simpleBackend.profiles.x.locality.distribute.us-west1/us-west1-a.us-west1/us-west1-c: no pod is in us-west1/us-west1-c: its share would go to the others; pods are in: us-west1/us-west1-a, us-west1/us-west1-b",
            ],
            [
                "T9 shares for nobody",
                zoned({ x: { locality: shares("us-west1/us-west1-b", { "us-west1/us-west1-b": 100 }) } }),
                "study.simpleBackend.profiles.x.locality.distribute: nothing is said for us-west1/us-west1-a, the zone of the caller (study.simpleWeb.zone): the shares would never act",
            ],
            [
                "T9 failover and shares at once",
                zoned({
                    x: {
                        locality: { failover: true, ...shares("us-west1/us-west1-a", { "us-west1/us-west1-a": 100 }) },
                    },
                }),
                "study.simpleBackend.profiles.x.locality.failover: unknown key. Known here: distribute",
            ],
            [
                "C9 a canary of a service that is not there",
                { ecommerce: { canaries: { "orders-api": {} } } },
                'ecommerce.canaries.orders-api: there is no service "orders-api"; there are: customer-api, order-api, product-api, payment-api, recommendation-api, saga-tracker',
            ],
            [
                "C9 shares that are not everything",
                { ecommerce: { canaries: { "order-api": { weights: { stable: 90, candidate: 5 } } } } },
                "ecommerce.canaries.order-api.weights: the two weights must add up to 100",
            ],
            [
                "C10 a group of everybody",
                { ecommerce: { canaries: { "order-api": { groups: { all: {} } } } } },
                "ecommerce.canaries.order-api.groups.all: a group has a header or a cookie: without one it would take every request",
            ],
            [
                "C1 no service",
                { ecommerce: { services: {} } },
                "ecommerce.services: there is no service; name at least one, or set ecommerce.enabled to false",
            ],
        ];
        for (const [title, values, problem] of cases)
            it(title, () =>
                assert.deepEqual(
                    problems(values),
                    [problem].flat().map((one) => `istio-platform:${one}`),
                ),
            );

        it("nothing that is legal: C3's retries need more than its time-out, E6's limits overlap", () => {
            assert.deepEqual(problems({ ecommerce: { routePolicy }, egov: { outlierDetection: "production" } }), []);
        });

        it("nothing of a system that is not deployed", () => {
            assert.deepEqual(
                problems({ sampleImage: { app: "http-echo" }, egov: { enabled: false, hello: { path: "/api/v1" } } }),
                [],
            );
        });
    });

    it("names all problems at once, contradictions too, in one message", () => {
        const result = validateConfig({
            cluster: { kind: "embedded", name: "NO" },
            unknown: 1,
            egov: { hello: { weights: { v1: 50 } }, loadBalancer: "FASTEST" },
            ecommerce: {
                services: { a: { path: "/x", response: "" }, b: { path: "/x/y", response: "b" } },
                routePolicy: { ...routePolicy, timeout: "1s" },
            },
        });
        assert.ok(!result.ok);
        assert.equal(result.message.split("\n")[0], "The stack's configuration has 7 problems:");
        for (const path of [
            "cluster.name",
            "unknown",
            "egov.hello.weights",
            "egov.loadBalancer",
            "ecommerce.services.a.response",
            "ecommerce.services.b.path",
            "ecommerce.routePolicy.retries.perTryTimeout",
        ])
            assert.match(result.message, new RegExp(`^  istio-platform:${path}: `, "m"));
    });

    it("never throws, whatever it is given", () => {
        for (const values of [undefined, null, 3, "text", [], { egov: null }, { egov: { hello: { weights: null } } }])
            assert.equal(validateConfig(values).ok, false);
    });
});
