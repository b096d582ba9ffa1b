import { milliseconds } from "../../../../components/config/units";
import { defineSpec } from "../../spec";
import type { Answer, OutsideRequest, Target } from "../../target/target";
import { describe, fail, grouped } from "../support/answers";
import { bodyOf, harmless, injections, scripts, type Probe } from "../support/attacks";
import { filterSettings } from "../support/filter-settings";
import { ecommerceHost, ecommerceServices, requestFilter } from "../support/names";
import { securityEvidence } from "./evidence";

/** Other ways to write a path below `/a`. */
const spellings: readonly ((path: string) => string)[] = [
    (path) => `/${path}`,
    (path) => `/.${path}`,
    (path) => `/x/..${path}`,
    (path) => `/%2e${path}`,
    (path) => path.replace(/\/(?=[^/]*$)/, "%2F"),
    (path) => path.replace(/\/(?=[^/]*$)/, "//"),
];

export const filter = defineSpec({
    name: "request-filter",
    description:
        "The documents' probes with SQL and scripts, and others like them, are refused at the gateway; the same requests without them reach the pods, and so do everyday ones that resemble them. Every service below the declared paths is protected, by whatever spelling, up to the declared size of a body.",
    needs: ["ecommerce", "sample-app", "request-filter", "filtered-services"],
    locks: () => [],
    checks: {
        injection: {
            ids: ["C14"],
            title: "C14 SQL injection: the documents' probe and others are refused, in query, form, JSON and cookie",
            needs: ["attacks-refused"],
        },
        scripts: {
            ids: ["C14"],
            title: "C14 XSS: the documents' probe and others are refused, whatever they call their body",
            needs: ["attacks-refused"],
        },
        harmless: {
            ids: ["C14"],
            title: "C14 no false alarm: the same requests without the attack reach a pod, and others that resemble them",
        },
        coverage: {
            ids: ["C14"],
            title: "C14 filtered paths: the probe gets to no service below them, by no spelling of its path",
            needs: ["attacks-refused"],
        },
        bodies: {
            ids: ["C14"],
            title: "C14 filtered bodies: the last bytes of the largest body are looked at, and a larger one gets 413",
            needs: ["attacks-refused"],
        },
        settings: {
            ids: ["C14"],
            title: "C14 filter settings: the gateway asks with the declared time and size, and without an answer does what is declared",
        },
    },
    async evidence(target) {
        const { pods = [], ...rest } = await securityEvidence(target);
        return { ...rest, pods: [...pods, ...(await target.kubernetes.pods("istio-system", { app: requestFilter }))] };
    },
    async run({ target, config, check, all }) {
        const declared = config.mesh.ingressGateway.requestFilter;
        if (!declared) throw new Error("mesh.ingressGateway.requestFilter is not set");
        const { paths, status, maxBodyBytes } = declared;
        const host = ecommerceHost(config);
        const services = ecommerceServices(config).filter(({ path }) => paths.some((one) => path.startsWith(one)));
        const isRefusal = (answer: Answer): boolean =>
            answer.status === status && answer.pod === undefined && answer.headers["x-request-filter"] === "refused";

        /** Sends each probe to each path; says which answers are not right. */
        const compare = async (
            probes: readonly Probe[],
            to: readonly string[],
            isRight: (answer: Answer) => boolean,
            expected: string,
        ): Promise<void> => {
            const trials = probes.flatMap((probe) => to.map((path) => ({ probe, path })));
            const wrong = await Promise.all(
                trials.map(async ({ probe, path }) => {
                    const answer = await send(target, { host, ...probe.to(path) });
                    return isRight(answer) ? [] : [{ subject: `${probe.subject} to ${path}`, seen: describe(answer) }];
                }),
            );
            if (wrong.flat().length === 0) return;
            fail({
                expected,
                seen: grouped(wrong.flat()),
                cause: "the Deployment or the AuthorizationPolicy request-filter, or the provider of its name in the mesh configuration differs from mesh.ingressGateway.requestFilter",
                action: "kubectl -n istio-system get deployment,authorizationpolicy request-filter -o yaml, kubectl -n istio-system logs deployment/request-filter: which rule has found what",
            });
        };
        /** The first service's path is enough where the paths make no difference. */
        const some = [services[0]!.path];
        const refused = `the filter's own ${status}`;
        await all(
            () => check("injection", () => compare(injections, some, isRefusal, refused)),
            () => check("scripts", () => compare(scripts, some, isRefusal, refused)),
            () =>
                check("harmless", async () => {
                    const reachesPod = ({ status: seen, pod }: Answer) => seen === 200 && pod !== undefined;
                    const everywhere = services.map(({ path }) => path);
                    await compare(harmless, everywhere, reachesPod, "200 of a pod");
                    await compare([bodyOf(maxBodyBytes)], some, reachesPod, "200 of a pod");
                }),
            () =>
                check("coverage", async () => {
                    const written = services.flatMap(({ path }) =>
                        [path, `${path}/42`].flatMap((one) => [one, ...spellings.map((spelling) => spelling(one))]),
                    );
                    // The gateway does not ask about a path that no route reads so: it leads nowhere, filtered or not.
                    const isStopped = (answer: Answer) =>
                        isRefusal(answer) || (answer.status === 404 && answer.pod === undefined);
                    await compare(
                        [injections[0]],
                        written,
                        isStopped,
                        `${refused}, or 404 where no route reads the path so`,
                    );
                }),
            () =>
                check("bodies", async () => {
                    const attack = "<script>alert(1)</script>";
                    const isTooLarge = ({ status: seen, pod }: Answer) => seen === 413 && pod === undefined;
                    await compare([bodyOf(maxBodyBytes, attack)], some, isRefusal, refused);
                    await compare([bodyOf(maxBodyBytes + 1)], some, isTooLarge, "the gateway's own 413");
                }),
            () =>
                check("settings", async () => {
                    const expected = {
                        "time-out in ms": milliseconds(declared.timeout),
                        "bytes of a body": maxBodyBytes,
                        "larger bodies": "refused",
                        "without an answer": declared.whenUnavailable,
                    };
                    const pods = await target.gatewayPods();
                    const seen = (await Promise.all(pods.map((pod) => filterSettings(target.proxy(pod))))).flat();
                    const differing = seen.filter((one) => JSON.stringify(one) !== JSON.stringify(expected));
                    if (seen.length > 0 && differing.length === 0) return;
                    fail({
                        expected: `every listener of the gateway: ${JSON.stringify(expected)}`,
                        seen:
                            seen.length === 0 ? "no listener" : differing.map((one) => JSON.stringify(one)).join("; "),
                        cause: "the provider request-filter in the mesh configuration differs from mesh.ingressGateway.requestFilter, or the AuthorizationPolicy request-filter is missing",
                        action: "kubectl -n istio-system get configmap istio -o yaml: extensionProviders",
                    });
                }),
        );
    },
});

async function send(target: Target, request: OutsideRequest): Promise<Answer> {
    const [answer] = await target.request(request);
    return answer!;
}
