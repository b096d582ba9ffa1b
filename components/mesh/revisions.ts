import type { MeshConfig } from "../config/mesh";
import type { ServiceReference } from "../traffic/service";
import type { Manifest } from "./manifest";
import { renderControlPlane, type RenderOptions } from "./render";
import { controlPlaneValues, istioOperator, type MeshImages } from "./values";

/**
 * Renders the charts of all control planes (P7, S9); what they share, the custom resource definitions above all, comes once.
 *
 * @param collector Who takes the proxies' spans (P14). Default: nobody.
 */
export async function renderRevisions(
    config: MeshConfig,
    images: MeshImages,
    { collector, ...options }: RenderOptions & { collector?: ServiceReference | undefined },
): Promise<Manifest[]> {
    const rendered = await Promise.all(
        config.revisions.map((revision) =>
            renderControlPlane(istioOperator(controlPlaneValues(config, images, revision, collector)), options),
        ),
    );
    return once(rendered.flat());
}

/** Each object once, as it comes first. */
export function once(manifests: readonly Manifest[]): Manifest[] {
    const found = new Map<string, Manifest>();
    for (const manifest of manifests) {
        const { kind, metadata } = manifest;
        const id = `${kind}/${metadata.namespace ?? ""}/${metadata.name}`;
        if (!found.has(id)) found.set(id, manifest);
    }
    return [...found.values()];
}
