import { UNKNOWN } from "../../../../policy/model/unknown";
import { accepts, catches } from "../../cases";
import type { GoodMesh, Manifest } from "../../good-mesh";

const order = "VirtualService/ecommerce/order-api";
const hello = "VirtualService/egov-app/egov-hello";
const route = (mesh: GoodMesh, id = order): Manifest => mesh.get(id).spec.http[0];
const destination = (mesh: GoodMesh, id = order): Manifest => route(mesh, id).route[0].destination;
const base = "spec.http[0].route[0].destination";

describe("policy: destination-host (C8 problem 4)", () => {
    catches([
        {
            title: "a misspelt Service",
            change: (mesh) => (destination(mesh).host = "oder-api"),
            found: [`destination-host ${order} ${base}.host`],
            says: [
                "it stands for oder-api.ecommerce.svc.cluster.local",
                'write "order-api.ecommerce.svc.cluster.local"',
                "503",
            ],
        },
        {
            title: "a Service of another namespace by its short name",
            change: (mesh) => (destination(mesh).host = "egov-hello"),
            found: [`destination-host ${order} ${base}.host`],
            says: ['write "egov-hello.egov-app.svc.cluster.local"'],
        },
        {
            title: "name.namespace, which Istio does not complete",
            change: (mesh) => (destination(mesh).host = "order-api.ecommerce"),
            found: [`destination-host ${order} ${base}.host`],
            says: ["completes only names without a dot", 'write "order-api.ecommerce.svc.cluster.local"'],
        },
        {
            title: "a host outside the mesh without ServiceEntry",
            change: (mesh) => (destination(mesh).host = "orders.example.com"),
            found: [`destination-host ${order} ${base}.host`],
            says: ["ServiceEntry"],
        },
        {
            title: "a Service that is hidden from the mesh",
            change: (mesh) => {
                mesh.get("Service/ecommerce/order-api").metadata.annotations = { "networking.istio.io/exportTo": "~" };
            },
            found: [`destination-host ${order} ${base}.host`],
            says: ["order-api.ecommerce.svc.cluster.local"],
        },
        {
            title: "a mirror to nowhere",
            change: (mesh) => (route(mesh).mirror = { host: "shadow" }),
            found: [`destination-host ${order} spec.http[0].mirror.host`],
        },
        {
            title: "a TCP route to nowhere",
            change: (mesh) => (mesh.get(order).spec.tcp = [{ route: [{ destination: { host: "database" } }] }]),
            found: [`destination-host ${order} spec.tcp[0].route[0].destination.host`],
        },
    ]);
    accepts([
        {
            title: "the full name of another namespace's Service",
            change: (mesh) => (route(mesh).route[0].destination = { host: "egov-hello.egov-app.svc.cluster.local" }),
        },
        { title: "a host that is not known yet", change: (mesh) => (destination(mesh).host = UNKNOWN) },
        {
            title: "a destination that is not known yet",
            change: (mesh) => (route(mesh).route[0].destination = UNKNOWN),
        },
        { title: "a route that is not known yet", change: (mesh) => (route(mesh).route = UNKNOWN) },
        { title: "routes that are not known yet", change: (mesh) => (mesh.get(order).spec.http = UNKNOWN) },
        { title: "a spec that is not known yet", change: (mesh) => (mesh.get(order).spec = UNKNOWN) },
        {
            title: "a Service whose name is not known yet may be meant",
            change: (mesh) => {
                mesh.add(
                    "{ apiVersion: v1, kind: Service, metadata: { name: x, namespace: ecommerce }, spec: { ports: [{ port: 80, name: http }] } }",
                );
                mesh.get([...mesh.objects.keys()].at(-1) as string).metadata.name = UNKNOWN;
                destination(mesh).host = "orders";
            },
        },
        {
            title: "a Service in kube-system",
            change: (mesh) =>
                (route(mesh).route[0].destination = {
                    host: "kube-dns.kube-system.svc.cluster.local",
                    port: { number: 53 },
                }),
        },
        {
            title: "a redirect without destinations",
            change: (mesh) => (mesh.get(order).spec.http = [{ redirect: { uri: "/" } }]),
        },
    ]);
});

describe("policy: destination-port", () => {
    catches([
        {
            title: "the targetPort in place of the port",
            change: (mesh) => (destination(mesh).port.number = 5678),
            found: [`destination-port ${order} ${base}.port.number`],
            says: ["no port 5678, it has 8080", "write 8080: 5678 is its targetPort"],
        },
        {
            title: "a port that the Service lacks",
            change: (mesh) => (destination(mesh).port.number = 80),
            found: [`destination-port ${order} ${base}.port.number`],
            says: ["write 8080"],
        },
        {
            title: "no port, and a Service with two",
            change: (mesh) => {
                delete destination(mesh).port;
                mesh.get("Service/ecommerce/order-api").spec.ports.push({
                    name: "http-admin",
                    port: 9090,
                    targetPort: 5678,
                });
            },
            found: [`destination-port ${order} ${base}.port`],
            says: ["8080 and 9090"],
        },
    ]);
    accepts([
        { title: "no port, and a Service with one", change: (mesh) => delete destination(mesh).port },
        { title: "a port that is not known yet", change: (mesh) => (destination(mesh).port.number = UNKNOWN) },
        {
            title: "ports of the Service that are not known yet",
            change: (mesh) => (mesh.get("Service/ecommerce/order-api").spec.ports = UNKNOWN),
        },
    ]);
});

describe("policy: unknown-subset (E2, E8)", () => {
    catches([
        {
            title: "a subset that the DestinationRule does not define",
            change: (mesh) => (destination(mesh, hello).subset = "v3"),
            found: [`unknown-subset ${hello} ${base}.subset`],
            says: ['defines no subset "v3" (defined: v1 and v2)'],
        },
        {
            title: "no DestinationRule",
            change: (mesh) => mesh.remove("DestinationRule/egov-app/egov-hello"),
            found: [
                `unknown-subset ${hello} ${base}.subset`,
                `unknown-subset ${hello} spec.http[0].route[1].destination.subset`,
            ],
            says: ["no DestinationRule speaks of egov-hello.egov-app.svc.cluster.local"],
        },
        {
            title: "the mirror's subset",
            change: (mesh) => (route(mesh, hello).mirror = { host: "egov-hello", subset: "shadow" }),
            found: [`unknown-subset ${hello} spec.http[0].mirror.subset`],
        },
    ]);
    accepts([
        {
            title: "a DestinationRule that names the host in full, in another namespace",
            change: (mesh) => {
                mesh.get("DestinationRule/egov-app/egov-hello").spec.host = "egov-hello.egov-app.svc.cluster.local";
                mesh.get("DestinationRule/egov-app/egov-hello").metadata.namespace = "istio-system";
            },
        },
        { title: "a subset that is not known yet", change: (mesh) => (destination(mesh, hello).subset = UNKNOWN) },
        {
            title: "subsets that are not known yet",
            change: (mesh) => (mesh.get("DestinationRule/egov-app/egov-hello").spec.subsets = UNKNOWN),
        },
        {
            title: "a DestinationRule whose host is not known yet",
            change: (mesh) => (mesh.get("DestinationRule/egov-app/egov-hello").spec.host = UNKNOWN),
        },
    ]);
});

describe("policy: route-weights (E8)", () => {
    const weights =
        (...values: unknown[]) =>
        (mesh: GoodMesh) =>
            values.forEach((weight, index) => (route(mesh, hello).route[index].weight = weight));
    const found = [`route-weights ${hello} spec.http[0].route`];
    catches([
        { title: "more than 100", change: weights(80, 30), found, says: ["80 + 30 add up to 110", "72.7 % / 27.3 %"] },
        { title: "less than 100", change: weights(80, 10), found },
        { title: "all zero", change: weights(0, 0), found, says: ["Istio refuses"] },
        {
            title: "no weights",
            change: (mesh) => route(mesh, hello).route.forEach((item: Manifest) => delete item.weight),
            found,
        },
        { title: "one without weight", change: (mesh) => delete route(mesh, hello).route[1].weight, found },
        {
            title: "a negative one",
            change: weights(110, -10),
            found: [`route-weights ${hello} spec.http[0].route[1].weight`],
        },
        {
            title: "a fraction",
            change: weights(99.5, 0.5),
            found: ["route-weights", "field-value"].flatMap((rule) =>
                [0, 1].map((index) => `${rule} ${hello} spec.http[0].route[${index}].weight`),
            ),
        },
    ]);
    accepts([
        { title: "90 and 10", change: weights(90, 10) },
        { title: "100 and 0", change: weights(100, 0) },
        { title: "one destination without weight", change: (mesh) => delete route(mesh).route[0].weight },
        { title: "a weight that is not known yet", change: weights(UNKNOWN, 30) },
        {
            title: "a destination that is not known yet",
            change: (mesh) => ((route(mesh, hello).route[1] = UNKNOWN), weights(70)(mesh)),
        },
    ]);
});

describe("policy: mirror (E10)", () => {
    const mirrored = (percentage: unknown) => (mesh: GoodMesh) =>
        Object.assign(route(mesh, hello), {
            mirror: { host: "egov-hello", subset: "v2" },
            mirrorPercentage: percentage,
        });
    const found = [`mirror ${hello} spec.http[0].mirrorPercentage.value`];
    catches([
        { title: "a share without value", change: mirrored({}), found, says: ["nothing is mirrored"] },
        { title: "a share of 0", change: mirrored({ value: 0 }), found },
        { title: "a share above 100", change: mirrored({ value: 150 }), found, says: ["150 %"] },
        {
            title: "a share without mirror",
            change: (mesh) => (route(mesh, hello).mirrorPercentage = { value: 100 }),
            found: [`mirror ${hello} spec.http[0].mirrorPercentage`],
        },
        {
            title: "a mirror without host",
            change: (mesh) => (route(mesh, hello).mirror = { subset: "v2" }),
            found: ["mirror", "required-field"].map((rule) => `${rule} ${hello} spec.http[0].mirror.host`),
        },
        {
            title: "a share of 0 in the list of mirrors",
            change: (mesh) =>
                (route(mesh, hello).mirrors = [
                    { destination: { host: "egov-hello", subset: "v2" }, percentage: { value: 0 } },
                ]),
            found: [`mirror ${hello} spec.http[0].mirrors[0].percentage.value`],
        },
    ]);
    accepts([
        { title: "100 %", change: mirrored({ value: 100 }) },
        { title: "no share: 100 %", change: mirrored(undefined) },
        { title: "a share that is not known yet", change: mirrored(UNKNOWN) },
        { title: "a value that is not known yet", change: mirrored({ value: UNKNOWN }) },
        { title: "a mirror that is not known yet", change: (mesh) => (route(mesh, hello).mirror = UNKNOWN) },
    ]);
});

describe("policy: retry-budget (C3)", () => {
    const customer = "VirtualService/ecommerce/customer-api";
    const found = [`retry-budget ${customer} spec.http[0].retries.perTryTimeout`];
    const set =
        (timeout: unknown, perTryTimeout: unknown, attempts: unknown = 3) =>
        (mesh: GoodMesh) =>
            Object.assign(route(mesh, customer), { timeout, retries: { attempts, perTryTimeout } });
    catches([
        {
            title: "one try longer than the request",
            change: set("5s", "10s"),
            found,
            says: ["10s", "timeout 5s", "none of the 3 retries"],
        },
        { title: "in other units", change: set("0.5s", "600ms"), found },
        { title: "in two units", change: set("1m", "1m30s"), found },
        {
            title: "retries switched off, with a time for each",
            change: set("30s", "10s", 0),
            found: [`retry-budget ${customer} spec.http[0].retries`],
            says: ["attempts 0", "remove perTryTimeout"],
        },
        {
            title: "a timeout of 0s",
            change: set("0s", "10s"),
            found: [`retry-budget ${customer} spec.http[0].timeout`],
            says: ["leave timeout out"],
        },
    ]);
    accepts([
        {
            title: "retries switched off",
            change: (mesh) => Object.assign(route(mesh, customer), { timeout: "5s", retries: { attempts: 0 } }),
        },
        { title: "no timeout", change: set(undefined, "10s") },
        { title: "equal", change: set("10s", "10s") },
        { title: "a duration that is not known yet", change: set(UNKNOWN, "10s") },
    ]);
});

describe("policy: unknown-field (E8)", () => {
    catches([
        {
            title: "percent in place of weight (the document's canary)",
            change: (mesh) => {
                for (const item of route(mesh, hello).route) {
                    item.percent = item.weight;
                    delete item.weight;
                }
            },
            found: [
                `route-weights ${hello} spec.http[0].route`,
                `unknown-field ${hello} spec.http[0].route[0].percent`,
                `unknown-field ${hello} spec.http[0].route[1].percent`,
            ],
            says: ['no field "percent"', 'write "weight" instead'],
        },
        {
            title: "another spelling",
            change: (mesh) =>
                (route(mesh, "VirtualService/ecommerce/customer-api").retries = {
                    attempts: 3,
                    per_try_timeout: "10s",
                }),
            found: ["unknown-field VirtualService/ecommerce/customer-api spec.http[0].retries.per_try_timeout"],
            says: ['write "perTryTimeout"'],
        },
        {
            title: "at the wrong depth",
            change: (mesh) => (mesh.get("DestinationRule/ecommerce/customer-api").spec.outlierDetection = {}),
            found: ["unknown-field DestinationRule/ecommerce/customer-api spec.outlierDetection"],
        },
        {
            title: "a misspelt field",
            change: (mesh) =>
                (mesh.get(
                    "DestinationRule/ecommerce/customer-api",
                ).spec.trafficPolicy.outlierDetection.consecutive5xxError = 5),
            found: [
                "unknown-field DestinationRule/ecommerce/customer-api spec.trafficPolicy.outlierDetection.consecutive5xxError",
            ],
            says: ["consecutive5xxErrors"],
        },
        {
            title: "in a security policy",
            change: (mesh) =>
                mesh.add(
                    "{ apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: { name: default, namespace: ecommerce }, spec: { mtsl: { mode: STRICT } } }",
                ),
            found: ["unknown-field PeerAuthentication/ecommerce/default spec.mtsl"],
            says: ['write "mtls"'],
        },
    ]);
    accepts([
        {
            title: "maps with keys of the user's own",
            change: (mesh) => (route(mesh).headers = { request: { set: { "x-anything": "1" } } }),
        },
        { title: "a field that is not known yet", change: (mesh) => (route(mesh).timeout = UNKNOWN) },
        {
            title: "other groups",
            change: (mesh) =>
                mesh.add(
                    "{ apiVersion: example.com/v1, kind: Gateway, metadata: { name: g, namespace: ecommerce }, spec: { listeners: [] } }",
                ),
        },
    ]);
});
