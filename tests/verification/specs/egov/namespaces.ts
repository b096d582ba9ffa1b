import { defineSpec } from "../../spec";
import { fail } from "../support/answers";
import { injects } from "../support/injection";

export const egovNamespaces = defineSpec({
    name: "egov-namespaces",
    description: "The e-Government namespaces exist, and those with applications inject sidecars.",
    needs: ["egov"],
    locks: () => [],
    checks: {
        exist: { ids: ["E1"], title: "E1 namespaces: the e-Government namespaces exist and inject sidecars" },
    },
    evidence: async ({ config }) => ({
        objects: Object.values(config.egov.namespaces).map((name) => ({
            apiVersion: "v1",
            kind: "Namespace",
            namespace: "",
            name,
        })),
    }),
    async run({ target, config, check }) {
        await check("exist", async () => {
            const { app, infra, monitoring } = config.egov.namespaces;
            const problems: string[] = [];
            for (const name of [app, infra, monitoring, "istio-system"]) {
                const found = await target.kubernetes.object({
                    apiVersion: "v1",
                    kind: "Namespace",
                    namespace: "",
                    name,
                });
                const labels = found?.metadata.labels ?? {};
                if (!found) problems.push(`there is no namespace ${name}`);
                else if (name !== monitoring && name !== "istio-system" && !injects(labels))
                    problems.push(`${name} has neither istio-injection=enabled nor a revision`);
            }
            if (problems.length > 0)
                fail({
                    expected: `namespaces ${app}, ${infra} (both with sidecar injection), ${monitoring}, istio-system`,
                    seen: problems.join("; "),
                    cause: "a namespace or its label was removed or changed by hand",
                    action: "run the deployment again, or add the label: kubectl label namespace NAME istio-injection=enabled",
                });
        });
    },
});
