import type { PlainObject } from "../cluster/api";
import { objects, type Mesh } from "../cluster/mesh";
import type { CheckSet, Mutation } from "../mutation";
import { until } from "../../verification/wait";
import { appContainer, inPods, isReady } from "./look";
import { helloEjection, shopUnreachable, union } from "./red";
import { withoutInjection } from "./revisions";

/** Mistakes in Deployments and their pods. */

const recommendation = "recommendation-api";
const customer = "customer-api";
const saga = "saga-tracker";

/** Milliseconds for a pod to be made anew. */
const podLimit = 60_000;

/** The container of a Deployment's pods. */
const template = ({ spec }: PlainObject, app: string) => appContainer(spec.template, app);

const hasSidecar = ({ spec }: PlainObject): boolean =>
    [...spec.containers, ...(spec.initContainers ?? [])].some(({ name }: { name: string }) => name === "istio-proxy");

export const workloads: readonly Mutation[] = [
    {
        name: "args-missing",
        ids: ["C8", "C1"],
        description: `The containers of ${recommendation} are started without arguments and end at once.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("Deployment", config, recommendation), (deployment) => {
                delete template(deployment, recommendation).args;
                // As at a first deployment: no pods of before.
                deployment.spec.strategy = { type: "Recreate" };
            }),
        traces: ({ config, api }) =>
            api
                .list("Pod", config.ecommerce.namespace, { app: recommendation })
                .then((pods) =>
                    pods.map((pod) => appContainer(pod, recommendation).args === undefined && hasEnded(pod)),
                ),
        expectRed: union(shopUnreachable, { "ecommerce-infrastructure": ["objects"] }),
    },
    {
        name: "args-other-text",
        ids: ["C1"],
        description: `The pods of ${customer} answer another text.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("Deployment", config, customer), (deployment) => {
                const container = template(deployment, customer);
                container.args = container.args?.map((arg) => (arg.startsWith("-text=") ? "-text=It works" : arg));
            }),
        traces: (mesh) =>
            inPods(
                mesh,
                mesh.config.ecommerce.namespace,
                customer,
                (pod) => isReady(pod) && (appContainer(pod, customer).args ?? []).includes("-text=It works"),
            ),
        expectRed: {
            "ecommerce-inside-access": ["texts"],
            "ecommerce-outside-access": ["texts"],
            "ecommerce-answers": ["texts"],
        },
    },
    {
        name: "replica-missing",
        ids: ["C1", "C5"],
        description: `${customer} has one pod less than declared.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("Deployment", config, customer), ({ spec }) => {
                spec.replicas = config.ecommerce.replicas - 1;
            }),
        traces: async ({ api, config }) => {
            const pods = await api.list("Pod", config.ecommerce.namespace, { app: customer });
            return [pods.length === config.ecommerce.replicas - 1];
        },
        expectRed: {
            "ecommerce-infrastructure": ["objects"],
            "ecommerce-endpoints": ["assigned"],
            "ecommerce-answers": ["replicas"],
        },
    },
    {
        name: "sidecar-missing",
        ids: ["C5", "P8"],
        description: `One pod of ${saga} was created while its namespace did not inject sidecars.`,
        needs: ["ecommerce"],
        apply: async (changes, mesh) => {
            const { api, config } = mesh;
            const { namespace } = config.ecommerce;
            const [pod] = await api.list("Pod", namespace, { app: saga });
            await changes.temporarily(objects.namespace(namespace), withoutInjection(config, namespace), async () => {
                await changes.deletePod({ kind: "Pod", namespace, name: pod!.metadata.name });
                const bare = await until(
                    `a pod of ${saga} without a sidecar`,
                    async () => (await api.list("Pod", namespace, { app: saga })).find((one) => !hasSidecar(one)),
                    { deadline: podLimit, interval: 100 },
                );
                changes.deleteAfterwards({ kind: "Pod", namespace, name: bare.metadata.name });
            });
        },
        traces: async ({ api, config }) => {
            const pods = await api.list("Pod", config.ecommerce.namespace, { app: saga });
            const bare = pods.filter((pod) => !hasSidecar(pod));
            return [pods.length === config.ecommerce.replicas && bare.length > 0 && bare.every(isReady)];
        },
        expectRed: { sidecars: ["injected"], "mutual-tls": ["refused"] },
        // Half of the calls to the service go to the pod that lets everybody in.
        mayRed: { "ecommerce-authorization": ["denied"] },
    },
    {
        name: "error-pod-healthy",
        ids: ["E2", "E5"],
        description: "The error pod of egov-hello answers like the others.",
        needs: ["egov"],
        apply: (changes, mesh) => changes.edit(helloErrorDeployment(mesh), (deployment) => withoutErrors(deployment)),
        traces: (mesh) =>
            helloErrorPods(
                mesh,
                (pod) => isReady(pod) && !(appContainer(pod, "egov-hello").env ?? []).some(isForceError),
            ),
        expectRed: union(helloEjection, {
            "egov-pods": ["answers"],
            "egov-gateway-server": ["reach"],
        }),
    },
    {
        name: "hello-replica-missing",
        ids: ["E2"],
        description: "egov-hello has one normal pod less than declared.",
        needs: ["egov"],
        apply: (changes, { config }) =>
            changes.edit(normalDeployment(config), ({ spec }) => {
                spec.replicas -= 1;
            }),
        traces: async ({ api, config }) => {
            const pods = await api.list("Pod", config.egov.namespaces.app, { app: "egov-hello" });
            const declared = Object.values(config.egov.hello.subsets).reduce((sum, { replicas }) => sum + replicas, 0);
            return [pods.length === declared - 1];
        },
        // With two normal pods declared and one left, nobody can take turns.
        expectRed: ({ egov }): CheckSet =>
            normalPods(egov.hello.subsets) === 2
                ? { "egov-pods": ["subsets"], "egov-circuit-breaker": ["turn"] }
                : { "egov-pods": ["subsets"] },
    },
    {
        name: "gateway-server-forwards-elsewhere",
        ids: ["E7"],
        description: "gateway-server calls egov-hello's health instead of what it is to call.",
        needs: ["egov"],
        apply: (changes, { config }) =>
            changes.edit(objects.gatewayServer("Deployment", config), (deployment) => {
                const container = template(deployment, "gateway-server");
                container.args = container.args?.map((arg) => (arg.startsWith("-forward=") ? `${arg}/health` : arg));
            }),
        traces: (mesh) =>
            inPods(
                mesh,
                mesh.config.egov.namespaces.infra,
                "gateway-server",
                (pod) =>
                    isReady(pod) &&
                    (appContainer(pod, "gateway-server").args ?? []).some((arg) => arg.endsWith("/health")),
            ),
        expectRed: { "egov-gateway-server": ["reach", "ejection", "isolation", "return"] },
    },
];

/** Whether the application's container has ended at least once. */
function hasEnded({ metadata, status }: PlainObject): boolean {
    const statuses = (status?.containerStatuses ?? []) as { name: string; restartCount: number }[];
    return !metadata["deletionTimestamp"] && statuses.some(({ restartCount }) => restartCount > 0);
}

const isForceError = ({ name }: { name: string }): boolean => name === "FORCE_ERROR";

function withoutErrors(deployment: PlainObject): void {
    const container = template(deployment, "egov-hello");
    container.env = container.env?.filter((variable) => !isForceError(variable));
}

/** Pods that answer without errors, as declared. */
function normalPods(subsets: Mesh["config"]["egov"]["hello"]["subsets"]): number {
    return Object.values(subsets)
        .filter(({ variant }) => variant === "normal")
        .reduce((sum, { replicas }) => sum + replicas, 0);
}

/** Name of the first subset with a variant. */
function subsetOf({ egov }: Mesh["config"], variant: "normal" | "error"): string {
    const found = Object.entries(egov.hello.subsets).find(([, subset]) => subset.variant === variant);
    if (!found) throw new Error(`egov.hello.subsets has no ${variant} subset`);
    return found[0];
}

const helloErrorDeployment = ({ config }: Mesh) => ({
    ...objects.hello("Deployment", config),
    name: `egov-hello-${subsetOf(config, "error")}`,
});

const normalDeployment = (config: Mesh["config"]) => ({
    ...objects.hello("Deployment", config),
    name: `egov-hello-${subsetOf(config, "normal")}`,
});

async function helloErrorPods({ api, config }: Mesh, is: (pod: PlainObject) => boolean): Promise<boolean[]> {
    const labels = { app: "egov-hello", variant: "error" };
    return (await api.list("Pod", config.egov.namespaces.app, labels)).map(is);
}
