import type { Manifest, Mistake, System } from "../corpus";
import { type Short, toMistake } from "./routes";

const ORDERS = "Service/shop/orders";
const PROTOCOL = "https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/";
const spec = (system: System): Manifest => system.get(ORDERS).spec;

/** Mistakes in Services. */
export const serviceMistakes: readonly Mistake[] = [
    ...(
        [
            [
                "service-selector",
                "a Service's selector and the pods' labels differ",
                "C8 problem 2",
                "service-selector",
                (s) => (spec(s).selector = { app: "order" }),
            ],
            [
                "target-port",
                "a targetPort that the containers do not declare",
                "C8 problem 2",
                "target-port",
                (s) => (spec(s).ports[0].targetPort = 8081),
            ],
            [
                "target-port-name",
                "a targetPort by a name that no container port has",
                "C1",
                "target-port",
                (s) => (spec(s).ports[0].targetPort = "web"),
            ],
            [
                "port-name-typo",
                "htpp in the place of http",
                "IST0118",
                "port-name",
                (s) => (spec(s).ports[0].name = "htpp"),
                /http/,
            ],
            [
                "port-name-underscore",
                "http_api in the place of http-api",
                "IST0118",
                "port-name",
                (s) => (spec(s).ports[0].name = "http_api"),
            ],
            [
                "port-name-tcp",
                "a port that routes lead to is named tcp",
                PROTOCOL,
                "port-protocol",
                (s) => (spec(s).ports[0].name = "tcp"),
            ],
            [
                "port-database",
                "PostgreSQL's port named http",
                PROTOCOL,
                "port-name",
                (s) => spec(s).ports.push({ name: "http-db", port: 5432 }),
            ],
            [
                "app-protocol",
                "an appProtocol that Istio does not know",
                PROTOCOL,
                "port-name",
                (s) => (spec(s).ports[0].appProtocol = "htttp"),
            ],
            [
                "ports-without-names",
                "two ports without names",
                "https://kubernetes.io/docs/concepts/services-networking/service/#multi-port-services",
                "service-ports",
                (s) =>
                    (spec(s).ports = [
                        { port: 80, targetPort: 8080, appProtocol: "http" },
                        { port: 81, targetPort: 8080, appProtocol: "http" },
                    ]),
            ],
            [
                "port-twice",
                "one port twice",
                "https://kubernetes.io/docs/concepts/services-networking/service/",
                "service-ports",
                (s) => spec(s).ports.push({ name: "http-again", port: 80, targetPort: 8080 }),
            ],
            [
                "service-hidden",
                "a Service that is exported to its own namespace only",
                "https://istio.io/latest/docs/reference/config/annotations/",
                "export-scope",
                (s) => (s.get(ORDERS).metadata.annotations = { "networking.istio.io/exportTo": "." }),
            ],
            ["service-type", "a type that does not exist", "C8", "field-value", (s) => (spec(s).type = "Loadbalancer")],
            [
                "node-port-range",
                "a NodePort outside of the range",
                "P2",
                "node-port-conflict",
                (s) =>
                    Object.assign(spec(s), {
                        type: "NodePort",
                        ports: [{ name: "http", port: 80, targetPort: 8080, nodePort: 8080 }],
                    }),
            ],
        ] satisfies Short[]
    ).map(toMistake(ORDERS)),
    {
        id: "protocols-differ",
        title: "two Services tell different protocols of one port of the pods",
        source: "IST0116",
        layer: "lint",
        rule: "service-ports",
        object: "Service/shop/orders-tcp",
        change: (s) =>
            s.add(
                "{ apiVersion: v1, kind: Service, metadata: { name: orders-tcp, namespace: shop }, spec: { selector: { app: orders }, ports: [{ name: tcp, port: 81, targetPort: 8080 }] } }",
            ),
    },
    {
        id: "replicas-zero",
        title: "a Service's only workload runs no pod",
        source: "C8 problem 2",
        layer: "lint",
        rule: "no-replicas",
        object: "Deployment/payments/pay",
        change: (s) => (s.get("Deployment/payments/pay").spec.replicas = 0),
    },
    {
        id: "stateful-service",
        title: "a StatefulSet's Service is misspelt",
        source: "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/",
        layer: "lint",
        rule: "service-ports",
        object: "StatefulSet/shop/cache",
        given: `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: cache, namespace: shop }
spec:
    serviceName: cache
    selector: { matchLabels: { app: cache } }
    template: { metadata: { labels: { app: cache } }, spec: { containers: [{ name: cache, image: "redis:8", ports: [{ containerPort: 6379 }] }] } }
---
apiVersion: v1
kind: Service
metadata: { name: cache, namespace: shop }
spec: { clusterIP: None, selector: { app: cache }, ports: [{ name: tcp-redis, port: 6379 }] }`,
        change: (s) => (s.get("StatefulSet/shop/cache").spec.serviceName = "caches"),
    },
];
