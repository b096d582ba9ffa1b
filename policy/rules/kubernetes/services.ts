import { label, type Labels, readLabels } from "../../model/labels";
import type { Mesh } from "../../model/mesh";
import type { Service } from "../../model/service";
import { isKnown, type Maybe, UNKNOWN } from "../../model/unknown";
import { at, type Finding, type Rule, STRICT_IN_PROD } from "../rule";
import { cisEks, eksGuide, fsbp, kubernetesDocs, nsaCisa, wellArchitected } from "../standards";

/** Ports of Istio's proxies and control plane, and of common consoles, that only their own side of the mesh may reach. */
const INTERNAL_PORTS: Readonly<Record<number, string>> = {
    15000: "Envoy's administration",
    15004: "Envoy's administration by way of istiod",
    15010: "istiod's configuration in plain text",
    15012: "istiod's configuration",
    15014: "istiod's metrics",
    15017: "istiod's webhooks",
    15020: "the proxy's metrics",
    15090: "Envoy's metrics",
    2379: "etcd",
    3306: "a database",
    5432: "a database",
    6379: "a cache",
    6443: "the API server",
    9090: "Prometheus",
    10250: "the kubelet",
};

export const loadBalancerPorts: Rule = {
    id: "load-balancer-ports",
    title: "A load balancer leads to the gateway's own ports only",
    reason: "Administration, metrics and databases behind a load balancer are open to everybody who finds them.",
    fix: "Remove the port from the Service of type LoadBalancer; use a second Service of type ClusterIP.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["P3", "P10"],
    standards: [nsaCisa("Network separation and hardening"), fsbp("EC2.19")],
    *check(mesh) {
        for (const service of mesh.services.filter(({ type }) => type === "LoadBalancer"))
            for (const { number, targetPort, field } of service.ports)
                for (const port of new Set([number, targetPort])) {
                    const what = typeof port === "number" ? INTERNAL_PORTS[port] : undefined;
                    if (what)
                        yield at(
                            service,
                            field,
                            `the load balancer opens port ${String(port)}: ${what}`,
                            "remove the port, or put it into a Service of type ClusterIP",
                        );
                }
    },
};

export const externalIps: Rule = {
    id: "external-ips",
    title: "No Service claims addresses by externalIPs",
    reason: "Whoever may write a Service can take the traffic of any address of the cluster this way (CVE-2020-8554).",
    fix: "Remove spec.externalIPs; use a load balancer.",
    severity: "high",
    enforcement: "mandatory",
    standards: [kubernetesDocs("Service: External IPs"), nsaCisa("Network separation and hardening")],
    *check(mesh) {
        for (const service of mesh.services) {
            const field = service.root.get("spec", "externalIPs");
            if (field.items().length > 0)
                yield at(service, field, "the Service takes the traffic of these addresses", "remove externalIPs");
        }
    },
};

const PREFIX = "service.beta.kubernetes.io/aws-load-balancer-";

/** A Service that AWS makes a load balancer for, and what its annotations say. */
class Balancer {
    private readonly annotations: Labels;
    /** `aws-load-balancer-attributes` as a map; undefined while it is not known. */
    readonly attributes: ReadonlyMap<string, string> | undefined;

    constructor(readonly service: Service) {
        this.annotations = readLabels(service.root.get("metadata", "annotations"));
        const listed = this.text("attributes");
        this.attributes = listed === undefined ? new Map() : isKnown(listed) ? toMap(listed) : undefined;
    }

    /** Whether an annotation speaks of a load balancer of AWS. */
    get isMarked(): boolean {
        return Object.keys(this.annotations).some((name) => name.startsWith(PREFIX));
    }

    /** One of the annotations, by the end of its name. */
    text(name: string): Maybe<string> {
        return label(this.annotations, `${PREFIX}${name}`);
    }

    fault(name: string, message: string, fix: string): Finding {
        return at(this.service, this.service.root.get("metadata", "annotations", `${PREFIX}${name}`), message, fix);
    }
}

function awsBalancers(mesh: Mesh): Balancer[] {
    return mesh.services
        .filter(({ type }) => type === "LoadBalancer")
        .map((service) => new Balancer(service))
        .filter(({ isMarked }) => isMarked || mesh.cloud.eksClusters.length > 0);
}

function toMap(attributes: string): Map<string, string> {
    return new Map(
        attributes.split(",").map((pair) => {
            const [name = "", value = ""] = pair.split("=");
            return [name.trim(), value.trim()];
        }),
    );
}

export const nlbController: Rule = {
    id: "nlb-controller",
    title: "Load balancers are made by the AWS Load Balancer Controller, with the pods as targets",
    reason: "Otherwise Kubernetes' own code makes a Classic Load Balancer that leads to every node: a hop more, and the client's address is lost.",
    fix: "Set the annotations aws-load-balancer-type: external and aws-load-balancer-nlb-target-type: ip.",
    severity: "medium",
    enforcement: "mandatory",
    sources: ["P3"],
    standards: [eksGuide("Networking: Load Balancing")],
    *check(mesh) {
        for (const balancer of awsBalancers(mesh)) {
            const type = balancer.text("type");
            const target = balancer.text("nlb-target-type");
            const byClass = balancer.service.root.get("spec", "loadBalancerClass");
            const isNlb = byClass.isSet || type === UNKNOWN || type === "external" || type === "nlb-ip";
            if (!isNlb) yield balancer.fault("type", "a Classic Load Balancer is made", 'set it to "external"');
            else if (target !== "ip" && target !== UNKNOWN && type !== "nlb-ip")
                yield balancer.fault(
                    "nlb-target-type",
                    "the load balancer leads to nodes, not to pods",
                    'set it to "ip"',
                );
        }
    },
};

export const nlbScheme: Rule = {
    id: "nlb-scheme",
    title: "A load balancer says whether the internet may reach it",
    reason: "Defaults differ between versions of the controller: an internal entrance becomes public, or a public one unreachable.",
    fix: "Set the annotation aws-load-balancer-scheme to internet-facing or internal.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P3"],
    standards: [eksGuide("Networking: Load Balancing")],
    *check(mesh) {
        for (const balancer of awsBalancers(mesh))
            if (balancer.text("scheme") === undefined)
                yield balancer.fault(
                    "scheme",
                    "nothing says who may reach the load balancer",
                    'set "internet-facing" or "internal"',
                );
    },
};

/** A rule that an attribute of the load balancer has the value true. */
function attribute(
    rule: Omit<Rule, "check" | "enforcement" | "sources">,
    { name, says }: { name: string; says: string },
): Rule {
    return {
        ...rule,
        enforcement: STRICT_IN_PROD,
        sources: ["P3"],
        *check(mesh) {
            for (const balancer of awsBalancers(mesh))
                if (balancer.attributes && balancer.attributes.get(name) !== "true")
                    yield balancer.fault("attributes", says, `add ${name}=true`);
        },
    };
}

export const nlbDeletionProtection = attribute(
    {
        id: "nlb-deletion-protection",
        title: "A load balancer cannot be deleted by mistake",
        reason: "A new load balancer has another name and other addresses: every client that knows the old ones is lost.",
        fix: "Add deletion_protection.enabled=true to the annotation aws-load-balancer-attributes.",
        severity: "medium",
        standards: [fsbp("ELB.6")],
    },
    { name: "deletion_protection.enabled", says: "the load balancer goes with the Service" },
);

export const nlbCrossZone = attribute(
    {
        id: "nlb-cross-zone",
        title: "A load balancer sends requests to the pods of all zones",
        reason: "Without it a zone with one gateway pod gives it as many requests as a zone with three gives to all of them, and a zone without pods loses its share.",
        fix: "Add load_balancing.cross_zone.enabled=true to the annotation aws-load-balancer-attributes.",
        severity: "medium",
        standards: [fsbp("ELB.13"), eksGuide("Networking: Load Balancing")],
    },
    { name: "load_balancing.cross_zone.enabled", says: "requests stay in the zone where they arrive" },
);

export const nlbAccessLogs = attribute(
    {
        id: "nlb-access-logs",
        title: "A load balancer writes access logs",
        reason: "After an attack nobody can tell who connected.",
        fix: "Add access_logs.s3.enabled=true and access_logs.s3.bucket=<bucket> to the annotation aws-load-balancer-attributes.",
        severity: "medium",
        standards: [wellArchitected("SEC04-BP01")],
    },
    { name: "access_logs.s3.enabled", says: "connections are not recorded" },
);

/** AWS' policies for listeners that speak TLS 1.2 or newer only, with forward secrecy. */
const STRONG_TLS = /^ELBSecurityPolicy-(TLS13-1-[23]-|FS-1-2-)/;

export const nlbTlsPolicy: Rule = {
    id: "nlb-tls-policy",
    title: "A load balancer with a certificate speaks TLS 1.2 or newer",
    reason: "AWS' default policy still offers old ciphers, in some regions TLS 1.0.",
    fix: "Set the annotation aws-load-balancer-ssl-negotiation-policy to ELBSecurityPolicy-TLS13-1-2-2021-06.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P5"],
    standards: [fsbp("ELB.17"), cisEks("5.4.5")],
    *check(mesh) {
        for (const balancer of awsBalancers(mesh)) {
            const policy = balancer.text("ssl-negotiation-policy");
            if (balancer.text("ssl-cert") === undefined || policy === UNKNOWN || STRONG_TLS.test(policy ?? ""))
                continue;
            yield balancer.fault(
                "ssl-negotiation-policy",
                `the listener follows ${policy ?? "AWS' default policy"}`,
                "set ELBSecurityPolicy-TLS13-1-2-2021-06",
            );
        }
    },
};
