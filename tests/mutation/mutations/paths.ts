import type { PathNormalization } from "../../../components/config/security";
import { objects } from "../cluster/mesh";
import type { Mutation } from "../mutation";
import { inGatewayListeners } from "./look";
import { otherConfiguration } from "./red";

/** Mistakes in how the proxies read paths. */

/** Sets the mesh's path normalisation; shows in what the gateway's Envoy listens with. */
function normalization(
    mutation: Pick<Mutation, "name" | "description">,
    value: PathNormalization,
    shows: (listeners: string) => boolean,
): Mutation {
    return {
        ...mutation,
        ids: ["C14"],
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.controlPlane("ConfigMap", "istio", config), (map) => {
                const data = map["data"] as { mesh: string };
                data.mesh = data.mesh.replace(
                    `normalization: ${config.mesh.pathNormalization}`,
                    `normalization: ${value}`,
                );
            }),
        traces: (mesh) => inGatewayListeners(mesh, shows),
        expectRed: ({ ecommerce }) => ({
            ...otherConfiguration,
            paths: ["spellings"],
            ...(ecommerce.tokens && { "ecommerce-tokens": ["spellings"] }),
        }),
    };
}

export const paths: readonly Mutation[] = [
    normalization(
        {
            name: "path-normalization-off",
            description:
                "The proxies take every path as it is written: dots and slashes lead past routes and policies.",
        },
        "NONE",
        (listeners) => !listeners.includes('"normalize_path": true'),
    ),
    normalization(
        {
            name: "path-escaped-slashes-kept",
            description: "The proxies no longer read escaped slashes, as services behind them may do.",
        },
        "MERGE_SLASHES",
        (listeners) => !listeners.includes("UNESCAPE_AND_FORWARD"),
    ),
];
