import * as pulumi from "@pulumi/pulumi";
import { appImage, Ecommerce, EgovHello, OutsideSite, TrafficStudy } from "./components/apps";
import { createCluster } from "./components/cluster/cluster";
import { resolveImages } from "./components/cluster/images";
import { hostsThrough } from "./components/config/egress";
import { loadConfig } from "./components/config/load";
import { EgressGateway, IngressGateway, ISTIO_NAMESPACE, IstioControlPlane } from "./components/mesh";
import { loadCharts } from "./components/mesh/charts";
import { toolProvenance } from "./components/provenance";
import { GatewayCertificate, GatewayTokens, MutualTls } from "./components/security";
import { ExternalHosts, Gateway } from "./components/traffic";
import { Verification } from "./components/verification";

/** The platform of one stack, from the cluster up: cluster -> mesh -> gateway -> applications -> verification. */
async function platform() {
    const config = loadConfig();
    const images = await resolveImages(config);
    const manifests = await loadCharts(config.mesh, images);
    const provenance = [...images.provenance, ...toolProvenance()];

    // A Kubernetes cluster: embedded, kind or EKS. Nothing below can tell which.
    const { egov: gatewayNodePort, https: secureNodePort } = config.mesh.ingressGateway.nodePorts;
    const cluster = createCluster(config.cluster, images, { gatewayNodePort, secureNodePort });
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

    // What leaves the mesh: the hosts that may be reached, and the proxies on the way to them.
    const { egress } = config.mesh;
    const egressGateways =
        hostsThrough(egress, "gateway").length > 0
            ? [
                  new EgressGateway(
                      "egress-gateway",
                      { config: egress.gateway, namespace: istio.namespace, mesh },
                      onCluster,
                  ),
              ]
            : [];
    const onlyKnown = config.mesh.outboundTrafficPolicy === "REGISTRY_ONLY" && config.ecommerce.enabled;
    const externalHosts = new ExternalHosts(
        "external-hosts",
        {
            config: egress,
            namespace: ISTIO_NAMESPACE,
            gateway: egressGateways[0]?.proxies,
            own: onlyKnown ? { hosts: config.ecommerce.hosts, leadTo: ingress.service } : undefined,
            mesh,
        },
        onCluster,
    );

    const { tls } = config.ecommerce;
    const certificate =
        config.ecommerce.enabled && tls
            ? new GatewayCertificate(
                  "gateway-certificate",
                  {
                      config: tls,
                      hosts: [...config.ecommerce.hosts, ...tls.httpsOnlyHosts],
                      namespace: istio.namespace,
                  },
                  onCluster,
              )
            : undefined;

    const tokens =
        config.ecommerce.enabled && config.ecommerce.tokens
            ? new GatewayTokens(
                  "gateway-tokens",
                  { config: config.ecommerce.tokens, selector: ingress.selector, mesh },
                  onCluster,
              )
            : undefined;

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
    const outside = egress.site ? [new OutsideSite("outside", { config: egress.site, image }, onCluster)] : [];

    // Who may talk to whom, and how.
    const applications = [...egov, ...ecommerce, ...study].flatMap(({ resources }) => resources);
    const mutualTls = new MutualTls("mutual-tls", { config: config.mesh.mtls, mesh, applications }, onCluster);

    // Real requests against all of it, after every deployment.
    const verification = new Verification("verification", {
        config,
        cluster,
        certificate: certificate?.certificate,
        signingKey: tokens?.signingKey,
        provenance,
        after: [
            gateway,
            ...(certificate?.resources ?? []),
            ...(tokens?.resources ?? []),
            ...applications,
            ...[ingress, ...egressGateways, externalHosts, ...outside, mutualTls].flatMap(({ resources }) => resources),
        ],
    });

    return {
        gatewayUrl: cluster.gateway.apply(({ address, port }) => `http://${address}:${port}`),
        kubeconfigPath: pulumi.secret(cluster.kubeconfigPath),
        reportPath: verification.reportPath,
        provenance,
    };
}

export = platform;
