import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { MeshConfig } from "../config/mesh";
import { chartVersionOf, istiodOf, revisionOf } from "../config/revisions";
import type { ServiceReference } from "../traffic/service";
import { gatewayApiDefinitions } from "./gateway-api";
import { registerManifest, type Manifest } from "./manifest";
import { tagInjector } from "./revision-tag";
import { controlPlaneValues, ISTIO_NAMESPACE, type MeshImages } from "./values";

/** Istio's control plane. */
export interface IstioControlPlaneArgs {
    /** The stack's configuration under `istio-platform:mesh`. */
    config: MeshConfig;

    /** Images of istiod and of the proxies. */
    images: MeshImages;

    /**
     * The rendered charts, where `config.charts` is `embedded` (see {@link renderControlPlane}).
     * @default the charts are fetched from `config.charts.url` by Helm
     */
    manifests?: readonly Manifest[];

    /**
     * Who takes the proxies' spans (P14).
     * @default nobody
     */
    collector?: ServiceReference;
}

/**
 * Istio's control plane (P7, P8): custom resource definitions, an istiod for each revision, sidecar injection, validation of
 * Istio's own objects. Every object is a resource of its own, so a preview shows what an upgrade changes.
 */
export class IstioControlPlane extends pulumi.ComponentResource {
    /** The namespace of control plane and ingress gateway. */
    readonly namespace: k8s.core.v1.Namespace;

    /** Whoever starts a pod with a sidecar, or makes an object of Istio's, depends on these: they imply all the rest. */
    readonly ready: readonly pulumi.Resource[];

    /**
     * What istiod works by: its ConfigMaps, and the registrations of its webhooks. Of charts that Helm fetches nothing: their
     * objects are known to it alone.
     */
    readonly settings: readonly pulumi.CustomResource[];

    constructor(name: string, args: IstioControlPlaneArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:mesh:IstioControlPlane", name, {}, opts);
        this.namespace = new k8s.core.v1.Namespace(
            ISTIO_NAMESPACE,
            { metadata: { name: ISTIO_NAMESPACE } },
            { parent: this },
        );
        const { ready, settings } = args.manifests
            ? this.fromManifests(args.manifests)
            : { ready: this.fromRepository(args), settings: [] };
        const tag = this.tagRevision(args, ready);
        this.settings = [...settings, ...tag];
        this.ready = [...ready, ...tag, ...this.gatewayApi(args)];
        this.registerOutputs({});
    }

    private fromManifests(manifests: readonly Manifest[]): Pick<IstioControlPlane, "ready" | "settings"> {
        const prepared = manifests.map(leaveFailurePolicyToDefault);
        const [workloads, others] = partition(prepared, ({ kind }) => kind === "Deployment");
        const register = (manifest: Manifest) =>
            registerManifest(manifest, {
                parent: this,
                dependsOn: manifest.metadata.namespace ? [this.namespace] : [],
            });
        const [forIstiod, rest] = partition(others, ({ kind }) => settingKinds.has(kind));
        const settings = forIstiod.map(register);
        const base = [...settings, ...rest.map(register)];
        // istiod mounts its ConfigMaps and runs as its ServiceAccount: started before them it would have to wait and retry.
        const ready = workloads.map((manifest) => registerManifest(manifest, { parent: this, dependsOn: base }));
        return { ready, settings };
    }

    /** S9, where there is a tag. It leads to a revision's istiod: moved before that one answers, no pod could start meanwhile. */
    private tagRevision({ config }: IstioControlPlaneArgs, istio: readonly pulumi.Resource[]) {
        if (!config.revisionTag) return [];
        return [registerManifest(tagInjector(config.revisionTag), { parent: this, dependsOn: [...istio] })];
    }

    /** P12, where it is chosen: Istio's charts do not bring these definitions. */
    private gatewayApi({ config }: IstioControlPlaneArgs): pulumi.Resource[] {
        if (config.routing !== "gateway-api") return [];
        return gatewayApiDefinitions().map((definition) => registerManifest(definition, { parent: this }));
    }

    private fromRepository({ config, images, collector }: IstioControlPlaneArgs): pulumi.Resource[] {
        if (config.charts.source !== "repository")
            throw new Error("the charts inside istioctl must be rendered first: pass `manifests`");
        const chart = (name: string, chart: string, version: string, values: object, dependsOn: pulumi.Resource[]) =>
            new k8s.helm.v4.Chart(
                `istio-${name}`,
                {
                    chart,
                    version,
                    namespace: ISTIO_NAMESPACE,
                    repositoryOpts: { repo: config.charts.source === "repository" ? config.charts.url : undefined },
                    values,
                },
                { parent: this, dependsOn },
            );
        const defaultRevision = revisionOf(config.revisionTag);
        const base = chart("base", "base", config.version, { defaultRevision }, [this.namespace]);
        return config.revisions.map((revision) => {
            const values = controlPlaneValues(config, images, revision, collector);
            return chart(istiodOf(revision.name), "istiod", chartVersionOf(config, revision), values, [base]);
        });
    }
}

/** The kinds of the objects that istiod works by. */
const settingKinds: ReadonlySet<string> = new Set([
    "ConfigMap",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
]);

/**
 * Istio's charts render validators that let everything pass until istiod, once it runs, closes them: an invalid object
 * could slip in meanwhile, and every later change of the validators would conflict with istiod over the field. Left out,
 * the field has Kubernetes' default, `Fail`, from the start.
 */
function leaveFailurePolicyToDefault(manifest: Manifest): Manifest {
    if (manifest.kind !== "ValidatingWebhookConfiguration") return manifest;
    const webhooks = manifest["webhooks"] as { failurePolicy?: string }[];
    return { ...manifest, webhooks: webhooks.map(({ failurePolicy: _, ...webhook }) => webhook) };
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
    return [items.filter(belongs), items.filter((item) => !belongs(item))];
}
