import { defineSpec } from "../../spec";
import { fail } from "../support/answers";
import { declaredOf, fieldDifferences, type ObjectKind } from "../support/declared-objects";

const admission = "admissionregistration.k8s.io/v1";
const kinds = {
    configuration: [{ apiVersion: "v1", kind: "ConfigMap" }],
    admission: [
        { apiVersion: admission, kind: "MutatingWebhookConfiguration" },
        { apiVersion: admission, kind: "ValidatingWebhookConfiguration" },
    ],
} as const satisfies Record<string, readonly ObjectKind[]>;
type Part = keyof typeof kinds;

/** What a webhook has that leaves it to Kubernetes: an error refuses the object. */
const defaultFailurePolicy = "Fail";

/**
 * What istiod works by. A setting that is changed by hand shows in few requests, or in those alone of the pods that are
 * started next: a longer connect time-out, sidecars without limits, injection that fails without a word.
 */
export const controlPlaneSettings = defineSpec({
    name: "control-plane-settings",
    description:
        "The mesh configuration, the template of the sidecars and the registrations of the webhooks for injection and validation have every value that the program has registered.",
    needs: ["rendered-charts"],
    locks: () => [],
    checks: {
        configuration: {
            ids: ["P7"],
            title: "P7 control plane: mesh configuration and sidecar template are the declared ones",
        },
        admission: {
            ids: ["P8", "C8"],
            title: "P8 C8 control plane: the webhooks for injection and validation are registered as declared",
        },
    },
    evidence: async (target) => ({
        objects: Object.values(kinds)
            .flat()
            .flatMap((kind) => declaredOf(kind, target.objects))
            .map(({ apiVersion, kind, metadata: { namespace, name } }) => ({ apiVersion, kind, namespace, name })),
    }),
    async run({ target, check, all }) {
        const differences = async (kind: ObjectKind) => {
            const declared = declaredOf(kind, target.objects);
            if (declared.length === 0) return [`no ${kind.kind} is declared`];
            const found = await Promise.all(
                declared.map(async ({ apiVersion, kind, metadata: { namespace, name }, spec }) => {
                    const current = await target.kubernetes.object({ apiVersion, kind, namespace, name });
                    return fieldDifferences(withDefaults(spec), current as Record<string, unknown> | undefined).map(
                        (difference) => `${kind} ${name}: ${difference}`,
                    );
                }),
            );
            return found.flat();
        };
        await all(
            ...(Object.keys(kinds) as Part[]).map(
                (part) => () =>
                    check(part, async () => {
                        const found = (await Promise.all(kinds[part].map(differences))).flat();
                        if (found.length === 0) return;
                        fail({
                            expected: "the values that the program has registered",
                            seen: found.join("; "),
                            cause: "somebody has changed the control plane's settings by hand, or another program has",
                            action: "npm start puts them right (pulumi up --refresh); pods that were started meanwhile may have to be started again",
                        });
                    }),
            ),
        );
    },
});

function withDefaults(spec: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const { webhooks } = spec;
    if (!Array.isArray(webhooks)) return spec;
    return {
        ...spec,
        webhooks: webhooks.map((webhook: object) => ({ failurePolicy: defaultFailurePolicy, ...webhook })),
    };
}
