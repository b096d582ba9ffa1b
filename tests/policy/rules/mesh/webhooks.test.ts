import type { Cloud } from "../../../../policy/model/cloud";
import { UNKNOWN } from "../../../../policy/model/unknown";
import { accepts, catches } from "../../cases";

const injector = "MutatingWebhookConfiguration/istio-sidecar-injector";
const service = "clientConfig.service";

describe("policy: webhook-service (C8 problem 1)", () => {
    catches([
        {
            title: "the webhook calls a Service that does not exist",
            change: (mesh) => (mesh.get(injector).webhooks[0].clientConfig.service.name = "istio"),
            found: [`webhook-service ${injector} webhooks[0].${service}.name`],
            says: ["istio-system/istio,", "times out"],
        },
        {
            title: "the webhook calls the Service in another namespace",
            change: (mesh) => (mesh.get(injector).webhooks[0].clientConfig.service.namespace = "egov-app"),
            found: [`webhook-service ${injector} webhooks[0].${service}.name`],
            says: ["istiod.istio-system.svc.cluster.local"],
        },
        {
            title: "istiod's Service has lost its port 443",
            change: (mesh) => mesh.get("Service/istio-system/istiod").spec.ports.pop(),
            found: [`webhook-service ${injector} webhooks[0].${service}.port`],
            says: ["port 443", "15010 and 15012", "add the port 443"],
        },
        {
            title: "the default port 443 is meant when none is named",
            change: (mesh) => {
                delete mesh.get(injector).webhooks[0].clientConfig.service.port;
                mesh.get("Service/istio-system/istiod").spec.ports[2].port = 8443;
            },
            found: [`webhook-service ${injector} webhooks[0].${service}.port`],
        },
        {
            title: "port 443 leads to a port where istiod does not listen",
            change: (mesh) => (mesh.get("Service/istio-system/istiod").spec.ports[2].targetPort = 15018),
            found: [`webhook-service ${injector} webhooks[0].${service}.port`],
            says: ["15018", "Deployment/istio-system/istiod", "spec.ports[2].targetPort"],
        },
    ]);
    accepts([
        {
            title: "a webhook at a URL outside the cluster",
            change: (mesh) =>
                (mesh.get(injector).webhooks[0].clientConfig = { url: "https://istiod.example.com/inject" }),
        },
        {
            title: "a Service whose name is not known yet",
            change: (mesh) => (mesh.get(injector).webhooks[0].clientConfig.service.name = UNKNOWN),
        },
        {
            title: "istiod comes from a Helm release whose objects are not listed",
            change: (mesh) => {
                mesh.remove("Deployment/istio-system/istiod");
                mesh.remove("Service/istio-system/istiod");
            },
            context: { opaqueNamespaces: ["istio-system"] },
        },
    ]);
});

const cluster = { name: "c4ang-eks-cluster", source: "urn:cluster" };
const group = { name: "nodes", id: "sg-1", source: "urn:nodes" };
const rule = {
    securityGroupId: "sg-1",
    securityGroupSource: undefined,
    protocol: "tcp",
    fromPort: 15012,
    toPort: 15017,
    source: "urn:rule",
};
const cloud = (change: Partial<Cloud>): { cloud: Cloud } => ({
    cloud: { eksClusters: [cluster], nodeSecurityGroups: [group], ingressRules: [rule], resources: [], ...change },
});
const unchanged = (): void => undefined;

describe("policy: webhook-control-plane-access (P9)", () => {
    const found = ["webhook-control-plane-access SecurityGroup/nodes ingress"];
    catches([
        {
            title: "no rule at all",
            change: unchanged,
            context: cloud({ ingressRules: [] }),
            found,
            says: ["15017", "no pod gets its sidecar"],
        },
        {
            title: "other ports only",
            change: unchanged,
            context: cloud({ ingressRules: [{ ...rule, fromPort: 443, toPort: 10250 }] }),
            found,
        },
        {
            title: "UDP only",
            change: unchanged,
            context: cloud({ ingressRules: [{ ...rule, protocol: "udp" }] }),
            found,
        },
        {
            title: "a rule of another group",
            change: unchanged,
            context: cloud({ ingressRules: [{ ...rule, securityGroupId: "sg-2" }] }),
            found,
        },
    ]);
    accepts([
        { title: "a rule for 15012-15017", change: unchanged, context: cloud({}) },
        {
            title: "everything admitted",
            change: unchanged,
            context: cloud({ ingressRules: [{ ...rule, protocol: "-1", fromPort: 0, toPort: 0 }] }),
        },
        {
            title: "a range around the port",
            change: unchanged,
            context: cloud({ ingressRules: [{ ...rule, fromPort: 1025, toPort: 65535 }] }),
        },
        {
            title: "a group id that is not known yet",
            change: unchanged,
            context: cloud({ ingressRules: [{ ...rule, securityGroupId: UNKNOWN }] }),
        },
        {
            title: "ports that are not known yet",
            change: unchanged,
            context: cloud({ ingressRules: [{ ...rule, fromPort: UNKNOWN }] }),
        },
        { title: "no EKS cluster", change: unchanged, context: cloud({ eksClusters: [], ingressRules: [] }) },
        {
            title: "no security group of its own for the nodes: EKS' own admits everything",
            change: unchanged,
            context: cloud({ nodeSecurityGroups: [], ingressRules: [] }),
        },
    ]);
});
