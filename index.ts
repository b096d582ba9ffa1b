import * as pulumi from "@pulumi/pulumi";
import { appImage, Ecommerce, EgovHello, OutsideSite, TrafficStudy } from "./components/apps";
import { createCluster } from "./components/cluster/cluster";
import { resolveImages } from "./components/cluster/images";
import { hostsThrough } from "./components/config/egress";
import { publicHosts } from "./components/config/hosts";
import { sampleMetrics } from "./components/config/monitoring/sample-metrics";
import { loadConfig } from "./components/config/load";
import { spanCollector } from "./components/config/monitoring/tracing";
import {
    EgressGateway,
    GATEWAY_HEALTH,
    IngressGateway,
    ISTIO_NAMESPACE,
    IstioControlPlane,
    MeshTracing,
} from "./components/mesh";
import { loadCharts } from "./components/mesh/charts";
import { Monitoring, MonitoringAccess } from "./components/monitoring";
import { PolicySettings } from "./components/policy-settings";
import { toolProvenance } from "./components/provenance";
import {
    GatewayCertificate,
    GatewayTokens,
    GlobalRateLimit,
    MutualTls,
    NetworkPolicies,
    RequestFilter,
} from "./components/security";
import { createGateway, ExternalHosts, serviceHost, StoreEntry, type Entrance } from "./components/traffic";
import { Verification } from "./components/verification";

/** The platform of one stack, from the cluster up: cluster -> mesh -> gateway -> applications -> verification. */
async function platform() {
    const config = loadConfig();
    const images = await resolveImages(config);
    const collector = spanCollector(config);
    const manifests = await loadCharts(config.mesh, images, collector);
    const provenance = [...images.provenance, ...toolProvenance()];
    new PolicySettings("policy", config);

    // A Kubernetes cluster: embedded, kind or EKS. Nothing below can tell which.
    const { egov: gatewayNodePort, https: secureNodePort } = config.mesh.ingressGateway.nodePorts;
    const cluster = createCluster(config.cluster, images, {
        ...{ gatewayNodePort, secureNodePort },
        publicHosts: publicHosts(config.ecommerce),
        gatewayHealth: GATEWAY_HEALTH,
    });
    const onCluster = { providers: [cluster.provider] };

    // Istio: control plane, and the proxies that requests from outside come through.
    const istio = new IstioControlPlane("istio", { config: config.mesh, images, manifests, collector }, onCluster);
    const mesh = istio.ready;
    const { priorityClass, revisionTag } = config.mesh;
    const ingress = new IngressGateway(
        "ingress-gateway",
        {
            ...{ config: config.mesh.ingressGateway, namespace: istio.namespace, mesh, priorityClass, revisionTag },
            loadBalancer: cluster.loadBalancer,
        },
        onCluster,
    );
    const publicNames = cluster.publish?.(ingress.loadBalancer) ?? [];
    const { selector: gatewaySelector, service } = ingress;
    const entrance: Entrance = { routing: config.mesh.routing, selector: gatewaySelector, service };
    const gateway = createGateway(
        "istio-ingressgateway",
        { namespace: ISTIO_NAMESPACE, entrance, hosts: ["*"] },
        { provider: cluster.provider, dependsOn: [...mesh] },
    );

    // What leaves the mesh: the hosts that may be reached, and the proxies on the way to them.
    const { egress } = config.mesh;
    const egressGateway = when(
        hostsThrough(egress, "gateway").length > 0,
        () =>
            new EgressGateway(
                "egress-gateway",
                { config: egress.gateway, namespace: istio.namespace, mesh, priorityClass, revisionTag },
                onCluster,
            ),
    );
    const ownHosts = when(config.mesh.outboundTrafficPolicy === "REGISTRY_ONLY" && config.ecommerce.enabled, () => ({
        hosts: config.ecommerce.hosts,
        leadTo: ingress.service,
    }));
    const externalHosts = new ExternalHosts(
        "external-hosts",
        { config: egress, namespace: ISTIO_NAMESPACE, gateway: egressGateway?.proxies, own: ownHosts, mesh },
        onCluster,
    );
    const dataStores = (cluster.dataStores ?? []).map(
        (store) =>
            new StoreEntry(
                store.name,
                { ...store, namespace: ISTIO_NAMESPACE },
                { provider: cluster.provider, dependsOn: [...mesh] },
            ),
    );

    // The sample systems: pods, routes, traffic policy.
    const image = appImage(config.sampleImage, images);
    const callsOthers = config.sampleImage.app === "sample-app";
    const egov = when(
        config.egov.enabled,
        () => new EgovHello("egov", { config: config.egov, image, gateway, mesh, revisionTag }, onCluster),
    );
    const knownHosts = [
        ...externalHosts.knownHosts(config.ecommerce.scope?.outside ?? []),
        ...(collector ? [{ namespace: collector.namespace, host: serviceHost(collector) }] : []),
    ];
    const ecommerce = when(config.ecommerce.enabled, () => {
        const metrics = sampleMetrics(config);
        const args = { config: config.ecommerce, image, callsOthers, entrance, knownHosts, metrics, mesh, revisionTag };
        return new Ecommerce("ecommerce", args, onCluster);
    });
    const study = when(
        config.study.enabled,
        () => new TrafficStudy("study", { config: config.study, image, gatewaySelector, mesh, revisionTag }, onCluster),
    );
    const outside = when(egress.site, (site) => new OutsideSite("outside", { config: site, image }, onCluster));

    // What watches all of it.
    const tracing = when(collector && config.monitoring.tracing, ({ samplingPercent }) => ({
        resources: [
            new MeshTracing("mesh-tracing", { samplingPercent }, { provider: cluster.provider, dependsOn: [...mesh] }),
        ],
    }));
    const monitoring = when(config.monitoring.enabled, () => {
        const namespaceName = config.egov.namespaces.monitoring;
        const namespace = egov?.monitoringNamespace;
        const args = { config, sampleApp: image, namespaceName, namespace, proxies: images.proxyDistribution, mesh };
        return new Monitoring("monitoring", args, onCluster);
    });

    const access = when(monitoring && config.monitoring.access && monitoring, ({ namespace, resources }) => {
        const args = { config, selector: gatewaySelector, namespace, after: [...resources, ...mesh] };
        return new MonitoringAccess("monitoring-access", args, onCluster);
    });

    // Who may talk to whom, and how.
    const applications = [egov, ecommerce, study].flatMap(resourcesOf);
    const deployed = [istio.namespace, ...applications, ...resourcesOf(outside), ...resourcesOf(monitoring)];
    const mutualTls = new MutualTls("mutual-tls", { config: config.mesh.mtls, mesh, applications }, onCluster);
    const networkPolicies = when(
        config.mesh.networkPolicies,
        () => new NetworkPolicies("network-policies", { config, deployed }, onCluster),
    );
    const certificate = when(config.ecommerce.enabled && config.ecommerce.tls, (tls) => {
        const hosts = [...config.ecommerce.hosts, ...tls.httpsOnlyHosts];
        return new GatewayCertificate(
            "gateway-certificate",
            { config: tls, hosts, namespace: istio.namespace },
            onCluster,
        );
    });
    const tokens = when(
        config.ecommerce.enabled && config.ecommerce.tokens,
        (policy) => new GatewayTokens("gateway-tokens", { config: policy, selector: gatewaySelector, mesh }, onCluster),
    );
    const requestFilter = when(config.mesh.ingressGateway.requestFilter, (filter) => {
        const args = { config: filter, image: images.requestFilter, selector: gatewaySelector, mesh, revisionTag };
        return new RequestFilter("request-filter", args, onCluster);
    });
    const globalRateLimit = when(
        config.ecommerce.enabled && config.ecommerce.globalRateLimit,
        (limit) =>
            new GlobalRateLimit(
                "global-rate-limit",
                { config: limit, images, selector: gatewaySelector, mesh, revisionTag },
                onCluster,
            ),
    );

    // Real requests against all of it, after every deployment.
    const entrances = [ingress, egressGateway, externalHosts, outside].flatMap(resourcesOf);
    const verification = new Verification("verification", {
        config,
        cluster,
        // Where HTTPS ends before the gateway, clients see a certificate that everybody trusts.
        certificate: cluster.loadBalancer?.endsTls ? undefined : certificate?.certificate,
        signingKey: tokens?.signingKey,
        accessKey: access?.signingKey,
        provenance,
        controlPlane: istio.settings,
        after: [
            gateway,
            ...publicNames,
            ...dataStores,
            ...entrances,
            ...applications,
            ...[monitoring, tracing, access].flatMap(resourcesOf),
            ...[mutualTls, networkPolicies, certificate, tokens, requestFilter, globalRateLimit].flatMap(resourcesOf),
        ],
    });

    return {
        gatewayUrl: cluster.gateway.apply(({ address, port }) => `http://${address}:${port}`),
        kubeconfigPath: pulumi.secret(cluster.kubeconfigPath),
        reportPath: verification.reportPath,
        provenance,
    };
}

/** A part of the platform where it is wanted: given what makes it wanted. */
function when<C, T>(wanted: C | false | undefined, make: (wanted: C) => T): T | undefined {
    return wanted === false || wanted === undefined ? undefined : make(wanted);
}

/** What a part deploys; nothing where it is not wanted. */
function resourcesOf<R extends pulumi.Resource>(part: { resources: readonly R[] } | undefined): readonly R[] {
    return part?.resources ?? [];
}

export = platform;
