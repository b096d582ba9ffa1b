import type { MtlsException } from "../../../components/config/security";
import type { Pod } from "../../verification/target/target";
import { applicationPods, applicationPorts } from "../../verification/specs/support/names";
import { apiVersionOf } from "../cluster/api";
import { objects, type Mesh } from "../cluster/mesh";
import type { Mutation } from "../mutation";
import { inClusters, isReady, shopCluster } from "./look";
import { otherObjects, shopFromOutside, union } from "./red";

/** Mistakes in mutual TLS: who may talk in plain text, and as whom. */

const customer = "customer-api";
const whole = objects.istio("PeerAuthentication", "default");

/** The applications' ports in the mode of the mesh: whether each answers plain text from outside the mesh. */
async function answersPlainText(mesh: Mesh, isMeant: (pod: Pod) => boolean = () => true): Promise<boolean[]> {
    const { exceptions } = mesh.config.mesh.mtls;
    const pods = (await applicationPods(mesh.target)).filter(
        (pod) => pod.sidecar?.ready && isMeant(pod) && !exceptions.some((one) => concerns(one, pod)),
    );
    return Promise.all(
        pods.map(async (pod) => {
            const answers = applicationPorts(pod).map((port) => mesh.target.kubernetes.plainText(pod, port, "/health"));
            return (await Promise.all(answers)).every((answer) => "status" in answer);
        }),
    );
}

const concerns = ({ namespace, app }: MtlsException, pod: Pod): boolean =>
    namespace === pod.namespace && app === pod.labels["app"];

export const mutualTls: readonly Mutation[] = [
    {
        name: "mtls-permissive",
        ids: ["S3", "C14"],
        description: "The whole mesh takes plain text beside mutual TLS: everything works as before.",
        needs: [],
        apply: (changes) =>
            changes.edit(whole, ({ spec }) => {
                spec.mtls.mode = "PERMISSIVE";
            }),
        traces: (mesh) => answersPlainText(mesh),
        expectRed: union({ "mutual-tls": ["refused"] }, otherObjects("authentication")),
    },
    {
        name: "mtls-policy-removed",
        ids: ["S3", "C14"],
        description: "The PeerAuthentication of the mesh is gone: Istio's default takes plain text.",
        needs: [],
        apply: (changes) => changes.remove(whole),
        traces: (mesh) => answersPlainText(mesh),
        expectRed: union({ "mutual-tls": ["refused"] }, otherObjects("authentication")),
    },
    {
        name: "mtls-workload-exception",
        ids: ["S3", "C14"],
        description: `${customer} alone takes plain text.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.create({
                apiVersion: apiVersionOf("PeerAuthentication"),
                kind: "PeerAuthentication",
                metadata: { name: customer, namespace: config.ecommerce.namespace },
                spec: { selector: { matchLabels: { app: customer } }, mtls: { mode: "PERMISSIVE" } },
            }),
        traces: (mesh) => answersPlainText(mesh, ({ labels }) => labels["app"] === customer),
        expectRed: union({ "mutual-tls": ["refused"] }, otherObjects("authentication")),
    },
    {
        name: "mtls-exception-removed",
        ids: ["S3"],
        description: "The declared exceptions to mutual TLS are gone: clients without a sidecar are refused.",
        needs: ["egov"],
        apply: async (changes, { config }) => {
            const names = config.mesh.mtls.exceptions.map(({ namespace, app }) => [namespace, `${namespace}-${app}`]);
            for (const [name, namespace] of new Map(names.map(([namespace, name]) => [name!, namespace!])))
                await changes.remove({ kind: "PeerAuthentication", namespace, name });
        },
        traces: async ({ config, target }) => {
            const { exceptions } = config.mesh.mtls;
            const pods = await applicationPods(target);
            const answers = exceptions.flatMap((exception) =>
                pods
                    .filter((pod) => concerns(exception, pod))
                    .map((pod) => target.kubernetes.plainText(pod, exception.port, "/health")),
            );
            return (await Promise.all(answers)).map((answer) => "refused" in answer);
        },
        expectRed: union({ "mutual-tls": ["accepted"] }, otherObjects("authentication")),
    },
    {
        name: "mtls-client-off",
        ids: ["S3"],
        description: `The DestinationRule ${customer} has its clients call in plain text, which its pods refuse.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("DestinationRule", config, customer), ({ spec }) => {
                spec.trafficPolicy.tls = { mode: "DISABLE" };
            }),
        traces: (mesh) =>
            inClusters(
                mesh,
                ["gateway", "ecommerce"],
                shopCluster(mesh, customer),
                (cluster) => (cluster?.transport_socket_matches ?? []).length === 0,
            ),
        expectRed: union(shopFromOutside, {
            "ecommerce-answers": ["texts", "replicas"],
            "ecommerce-authorization": ["allowed", "denied"],
        }),
    },
    {
        name: "workload-other-account",
        ids: ["S3"],
        description: `The pods of order-api run as the service account of ${customer}.`,
        needs: ["ecommerce"],
        apply: (changes, { config }) =>
            changes.edit(objects.shop("Deployment", config, "order-api"), ({ spec }) => {
                spec.template.spec.serviceAccountName = customer;
            }),
        traces: async ({ api, config }) => {
            const pods = await api.list("Pod", config.ecommerce.namespace, { app: "order-api", version: "v1" });
            return pods.map((pod) => isReady(pod) && pod.spec.serviceAccountName === customer);
        },
        expectRed: { "mutual-tls": ["certificates"] },
        // Whether a pod of the canary, which keeps its account, is the one that calls.
        mayRed: {
            "ecommerce-authorization": ["allowed", "denied"],
            "ecommerce-answers": ["texts", "replicas"],
        },
    },
];
