import type { EksClusterConfig } from "./eks";
import { when, type Finding } from "./finding";
import type { PlatformConfig } from "./platform";

/** Settings of an EKS cluster that AWS would refuse halfway through a deployment, or that would never do anything. */
export function eksProblems(config: PlatformConfig): Finding[] {
    const { cluster } = config;
    if (cluster.kind !== "eks") return [];
    return [
        ...nodeProblems(cluster),
        ...versionProblems(cluster, config.mesh.version),
        ...dataStoreProblems(cluster),
        ...entranceProblems(cluster, config),
        ...imageProblems(config),
    ];
}

function nodeProblems({ nodes: { perZone, instanceTypes, operatingSystem } }: EksClusterConfig): Finding[] {
    const { min, desired, max } = perZone;
    const arm = operatingSystem.includes("ARM_64");
    return [
        ...when(desired < min || desired > max, [
            "cluster.nodes.perZone.desired",
            `${desired} is not between min (${min}) and max (${max})`,
        ]),
        ...instanceTypes
            .filter((type) => isArm(type) !== arm)
            .map((type): Finding => [
                "cluster.nodes.instanceTypes",
                `${type} has ${arm ? "an x86" : "an ARM"} processor, and ${operatingSystem} is for ${arm ? "ARM" : "x86"}: EKS would refuse the node group`,
            ]),
    ];
}

/** AWS marks its own ARM processors by a g after the generation: m7g.large, c6gn.xlarge, a1.large being the first. */
const isArm = (instanceType: string) => /^(a1|[a-z]+\d+g[a-z]*)\./.test(instanceType);

/** Minor versions of Kubernetes that a minor version of Istio is tested with. */
const TESTED: Readonly<Record<string, readonly [oldest: number, newest: number]>> = {
    "1.28": [30, 34],
    "1.29": [31, 35],
    "1.30": [32, 36],
};

function versionProblems({ kubernetesVersion, addOns: { kubeProxy } }: EksClusterConfig, istio: string): Finding[] {
    const [, minor] = kubernetesVersion.split(".").map(Number);
    const tested = TESTED[istio.split(".").slice(0, 2).join(".")];
    return [
        ...when(!kubeProxy.startsWith(`v${kubernetesVersion}.`), [
            "cluster.addOns.kubeProxy",
            `${kubeProxy} is not of Kubernetes ${kubernetesVersion}: EKS refuses it; list the others with aws eks describe-addon-versions --addon-name kube-proxy --kubernetes-version ${kubernetesVersion}`,
        ]),
        ...when(tested !== undefined && (minor! < tested[0] || minor! > tested[1]), [
            "cluster.kubernetesVersion",
            `Istio ${istio} is tested with Kubernetes 1.${tested?.[0]} to 1.${tested?.[1]}, not with ${kubernetesVersion}`,
        ]),
    ];
}

function dataStoreProblems({ dataStores: { postgres, cache, clients } }: EksClusterConfig): Finding[] {
    return [
        ...when(postgres !== undefined && postgres.maxStorageGiB < postgres.storageGiB, [
            "cluster.dataStores.postgres.maxStorageGiB",
            `${postgres?.maxStorageGiB} is less than storageGiB (${postgres?.storageGiB}) that it begins with`,
        ]),
        ...when(clients.length > 0 && !postgres && !cache, [
            "cluster.dataStores.clients",
            "there is no data store that they could log in to: configure postgres or cache, or leave the clients out",
        ]),
    ];
}

function entranceProblems({ loadBalancer, domain }: EksClusterConfig, config: PlatformConfig): Finding[] {
    const { ecommerce, mesh } = config;
    const { tls } = ecommerce;
    return [
        ...when(mesh.ingressGateway.serviceType !== "LoadBalancer", [
            "mesh.ingressGateway.serviceType",
            "on EKS requests come through a load balancer (P3): set it to LoadBalancer",
        ]),
        ...when(!ecommerce.enabled || tls === undefined, [
            "ecommerce.tls",
            "the load balancer's port 443 leads to the gateway's HTTPS, which nothing opens: configure ecommerce.tls",
        ]),
        ...when(loadBalancer.tls === "gateway" && tls?.certificate.source === "self-signed", [
            "ecommerce.tls.certificate.source",
            'HTTPS ends at the gateway, and no client would trust a certificate that it signs itself: set it to "existing", or cluster.loadBalancer.tls to "load-balancer"',
        ]),
        ...when(loadBalancer.tls === "load-balancer" && tls !== undefined && !ecommerce.hosts.includes("*"), [
            "ecommerce.hosts",
            'the load balancer does not tell the gateway which host its TLS connection is for, so one of them must be "*"',
        ]),
        ...when(ecommerce.enabled && !ecommerce.hosts.includes(domain.host), [
            "cluster.domain.host",
            `${domain.host} is none of ecommerce.hosts (${ecommerce.hosts.join(", ")}): its requests would get 404`,
        ]),
        ...when(ecommerce.enabled && !answered(domain.healthCheck.path, config), [
            "cluster.domain.healthCheck.path",
            `no route takes ${domain.healthCheck.path}: the name would always be unhealthy; begin with one of ${prefixes(config).join(", ")}`,
        ]),
    ];
}

const prefixes = ({ ecommerce }: PlatformConfig) => Object.values(ecommerce.services).map(({ path }) => path);

const answered = (path: string, config: PlatformConfig) => prefixes(config).some((prefix) => path.startsWith(prefix));

/** The image that is built from this project: nodes of EKS pull every image from a registry. */
function imageProblems({ sampleImage }: PlatformConfig): Finding[] {
    return when(sampleImage.app === "sample-app" && sampleImage.image === undefined, [
        "sampleImage.image",
        "missing; nodes of EKS pull it from a registry: build it (services/sample-app/Dockerfile), push it, and name it here",
    ]);
}
