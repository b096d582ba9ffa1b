import type { System } from "./corpus";

const shop = "VirtualService/shop/shop";
const catalog = "DestinationRule/shop/catalog";

/** Good systems that look unusual. */
export const variations: readonly { readonly title: string; change(system: System): unknown }[] = [
    { title: "canary finished", change: (s) => { s.get(shop).spec.http[1].route = [{ destination: { host: "catalog", subset: "v2", port: { number: 80 } } }]; } },
    { title: "weights 50 and 50", change: (s) => s.get(shop).spec.http[1].route.forEach((one: { weight: number }) => (one.weight = 50)) },
    { title: "hosts in full", change: (s) => (s.get(shop).spec.http[0].route[0].destination.host = "orders.shop.svc.cluster.local") },
    { title: "a rule for the full name", change: (s) => (s.get(catalog).spec.host = "catalog.shop.svc.cluster.local") },
    { title: "no port where there is one", change: (s) => delete s.get(shop).spec.http[0].route[0].destination.port },
    { title: "an answer with an address in it", change: (s) => (s.get("Deployment/shop/web").spec.template.spec.containers[0].args = ['-response=[{"picture":"http://pictures.example.org/1"}]', '{"picture":"http://pictures.example.org/2"}']) },
    { title: "a redirect", change: (s) => s.get(shop).spec.http.unshift({ match: [{ uri: { exact: "/old" } }], redirect: { uri: "/new" } }) },
    { title: "a rewrite with both prefixes", change: (s) => Object.assign(s.get(shop).spec.http[1], { match: [{ uri: { prefix: "/api/catalog/" } }, { uri: { prefix: "/api/catalog" } }], rewrite: { uri: "/" } }) },
    { title: "a header route before a plain one", change: (s) => s.get(shop).spec.http.unshift({ match: [{ headers: { "x-beta": { exact: "true" } } }], route: [{ destination: { host: "web" } }] }) },
    { title: "mirroring", change: (s) => Object.assign(s.get(shop).spec.http[2], { mirror: { host: "catalog", subset: "v2" }, mirrorPercentage: { value: 10 } }) },
    { title: "a consistent hash", change: (s) => (s.get(catalog).spec.trafficPolicy.loadBalancer = { consistentHash: { httpHeaderName: "x-user" } }) },
    { title: "mutual TLS said twice", change: (s) => (s.get(catalog).spec.trafficPolicy.tls = { mode: "ISTIO_MUTUAL" }) },
    { title: "a permissive port for probes", change: (s) => s.add('{ apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: { name: web, namespace: shop }, spec: { selector: { matchLabels: { app: web } }, portLevelMtls: { "8080": { mode: PERMISSIVE } } } }') },
    { title: "no service accounts listed", change: (s) => ["shop/web", "shop/orders", "shop/catalog", "payments/pay"].forEach((name) => s.remove(`ServiceAccount/${name}`)) },
    { title: "secrets made elsewhere", change: (s) => ["istio-system/shop-tls", "shop/orders-db"].forEach((name) => s.remove(`Secret/${name}`)) },
    { title: "no control plane listed", change: (s) => ["Deployment/istio-system/istiod", "Service/istio-system/istiod", "ConfigMap/istio-system/istio", "MutatingWebhookConfiguration/istio-sidecar-injector"].forEach((name) => s.remove(name)) },
    { title: "no gateway proxies listed", change: (s) => ["Deployment", "Service"].forEach((kind) => s.remove(`${kind}/istio-system/istio-ingressgateway`)) },
    { title: "all ports of a peer", change: (s) => delete s.get("NetworkPolicy/payments/pay").spec.ingress[0].ports },
    { title: "egress to everything", change: (s) => (s.get("NetworkPolicy/payments/pay").spec.egress = [{}]) },
    { title: "a policy that denies some paths", change: (s) => s.add("{ apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: { name: deny, namespace: payments }, spec: { action: DENY, rules: [{ to: [{ operation: { paths: [/admin*] } }] }] } }") },
    { title: "a policy that allows nothing", change: (s) => s.add("{ apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: { name: nothing, namespace: payments }, spec: {} }") },
    { title: "a job without a mesh", change: (s) => s.add("{ apiVersion: batch/v1, kind: Job, metadata: { name: load, namespace: shop }, spec: { template: { metadata: { labels: { sidecar.istio.io/inject: 'false' } }, spec: { restartPolicy: Never, containers: [{ name: load, image: 'example/load:1' }] } } } }") },
    { title: "a headless database", change: (s) => s.add("{ apiVersion: v1, kind: Service, metadata: { name: db, namespace: shop }, spec: { type: ExternalName, externalName: db.example.com } }") },
    { title: "an entry with addresses", change: (s) => s.add("{ apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: { name: db, namespace: shop }, spec: { hosts: [db.outside.com], addresses: [203.0.113.7], resolution: STATIC, location: MESH_EXTERNAL, ports: [{ number: 5432, name: tcp, protocol: TCP }], endpoints: [{ address: 203.0.113.7 }] } }") },
    { title: "a namespace by revision", change: (s) => (s.get("Namespace/shop").metadata.labels = { "istio.io/rev": "stable", team: "shop" }) },
    { title: "applications alone", change: (s) => [...s.objects.keys()].filter((id) => !id.includes("/shop/") || id.startsWith("HTTPRoute")).forEach((id) => s.objects.delete(id)) },
]; // prettier-ignore
