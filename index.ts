import * as pulumi from "@pulumi/pulumi";
import { appImage, Ecommerce, EgovHello, TrafficStudy } from "./components/apps";
import { createCluster } from "./components/cluster/cluster";
import { resolveImages } from "./components/cluster/images";
import { loadConfig } from "./components/config/load";
import { IngressGateway, ISTIO_NAMESPACE, IstioControlPlane } from "./components/mesh";
import { loadCharts } from "./components/mesh/charts";
import { toolProvenance } from "./components/provenance";
import { MutualTls } from "./components/security";
import { Gateway } from "./components/traffic";
import { Verification } from "./components/verification";

/** The platform of one stack, from the cluster up: cluster -> mesh -> gateway -> applications -> verification. */
async function platform() {
    const config = loadConfig();
    const images = await resolveImages(config);
    const manifests = await loadCharts(config.mesh, images);
    const provenance = [...images.provenance, ...toolProvenance()];

    // A Kubernetes cluster: embedded, kind or EKS. Nothing below can tell which.
    const gatewayNodePort = config.mesh.ingressGateway.nodePorts.egov;
    const cluster = createCluster(config.cluster, images, { gatewayNodePort });
    const onCluster = { providers: [cluster.provider] };

    // Istio: control plane, and the proxies that requests from outside come through.
    const istio = new IstioControlPlane("istio", { config: config.mesh, images, manifests }, onCluster);
    const mesh = istio.ready;
    const ingress = new IngressGateway(
        "ingress-gateway",
        { config: config.mesh.ingressGateway, namespace: istio.namespace, mesh },
        onCluster,
    );
    const gateway = new Gateway(
        "istio-ingressgateway",
        { namespace: ISTIO_NAMESPACE, selector: ingress.selector, hosts: ["*"] },
        { provider: cluster.provider, dependsOn: [...mesh] },
    );

    // The sample systems: pods, routes, traffic policy.
    const image = appImage(config.sampleImage, images);
    const egov = config.egov.enabled
        ? [new EgovHello("egov", { config: config.egov, image, gateway, mesh }, onCluster)]
        : [];
    const ecommerce = config.ecommerce.enabled
        ? [
              new Ecommerce(
                  "ecommerce",
                  { config: config.ecommerce, image, gatewaySelector: ingress.selector, mesh },
                  onCluster,
              ),
          ]
        : [];
    const study = config.study.enabled
        ? [
              new TrafficStudy(
                  "study",
                  { config: config.study, image, gatewaySelector: ingress.selector, mesh },
                  onCluster,
              ),
          ]
        : [];

    // Who may talk to whom, and how.
    const applications = [...egov, ...ecommerce, ...study].flatMap(({ resources }) => resources);
    const mutualTls = new MutualTls("mutual-tls", { config: config.mesh.mtls, mesh, applications }, onCluster);

    // Real requests against all of it, after every deployment.
    const verification = new Verification("verification", {
        config,
        cluster,
        provenance,
        after: [gateway, ...applications, ...[ingress, mutualTls].flatMap(({ resources }) => resources)],
    });

    return {
        gatewayUrl: cluster.gateway.apply(({ address, port }) => `http://${address}:${port}`),
        kubeconfigPath: pulumi.secret(cluster.kubeconfigPath),
        reportPath: verification.reportPath,
        provenance,
    };
}

export = platform;
