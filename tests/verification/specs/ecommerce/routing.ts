import type { PlatformConfig } from "../../../../components/config/platform";
import { defineSpec } from "../../spec";
import { describe, fail, grouped } from "../support/answers";
import { declaredPrefixes, ecommerceHost, ecommercePods, ecommerceServices, takesPath } from "../support/names";
import { ecommerceEvidence } from "./evidence";

export const routing = defineSpec({
    name: "ecommerce-routing",
    description:
        "Each declared prefix leads to the pods of its service and to no other, also with more text behind it (a prefix of Istio compares characters, one of the Gateway API whole segments); every other path gets the gateway's own 404.",
    needs: ["ecommerce", "sample-app"],
    locks: () => [],
    checks: {
        prefixes: {
            ids: ["C5", "C2"],
            title: "C5 test 6, routing: each path leads to the pods of its own service (C2)",
        },
        others: { ids: ["C5", "C2"], title: "C5 test 6, routing: paths that nobody declares get a 404 (C2)" },
        hosts: { ids: ["C2"], title: "C2 hosts: the declared hosts are answered, others get a 404" },
    },
    evidence: ecommerceEvidence,
    async run({ target, config, check, all }) {
        const services = ecommerceServices(config);
        const host = ecommerceHost(config);
        const declaredPaths = (prefix: string) => nearby(prefix).filter((path) => takesPath(config, prefix, path));
        await all(
            () =>
                check("prefixes", async () => {
                    const results = await Promise.all(
                        services.flatMap(({ name, path }) =>
                            declaredPaths(path).map(async (to) => {
                                const pods = await ecommercePods(target, name);
                                const [answer] = await target.request({ path: to, host });
                                const right = answer!.status === 200 && pods.some((pod) => pod.name === answer!.pod);
                                return right ? undefined : { subject: to, seen: describe(answer!) };
                            }),
                        ),
                    );
                    const problems = results.filter((result) => result !== undefined);
                    if (problems.length === 0) return;
                    fail({
                        expected: "200 from a pod of the service whose prefix the path begins with",
                        seen: grouped(problems),
                        cause: "a VirtualService has another prefix, destination, host or gateway than declared",
                        action: `kubectl -n ${config.ecommerce.namespace} get virtualservices -o yaml: compare match and route with ecommerce.services`,
                    });
                }),
            () =>
                check("others", async () => {
                    const paths = undeclaredPaths(config);
                    const answers = await Promise.all(
                        paths.map(async (path) => (await target.request({ path, host }))[0]!),
                    );
                    const wrong = paths.filter((_, i) => answers[i]!.status !== 404 || answers[i]!.pod !== undefined);
                    if (wrong.length === 0) return;
                    fail({
                        expected: `the gateway's own 404 for ${paths.join(", ")}`,
                        seen: grouped(
                            wrong.map((path) => ({ subject: path, seen: describe(answers[paths.indexOf(path)]!) })),
                        ),
                        cause: "a VirtualService matches more than its prefix, or nothing listens at the gateway",
                        action: "kubectl get virtualservices -A -o yaml: look for a match that is too wide, or for none at all",
                    });
                }),
            () =>
                check("hosts", async () => {
                    const problems = await hostProblems();
                    if (problems.length === 0) return;
                    fail({
                        expected: `answers for the hosts ${config.ecommerce.hosts.join(", ")} and 404 for others`,
                        seen: grouped(problems),
                        cause: "hosts of the Gateway or of a VirtualService differ from ecommerce.hosts",
                        action: `kubectl -n ${config.ecommerce.namespace} get gateways,virtualservices -o yaml: compare hosts`,
                    });
                }),
        );

        async function hostProblems(): Promise<{ subject: string; seen: string }[]> {
            const { hosts } = config.ecommerce;
            const examples = [...hosts.map((one) => one.replace(/^\*\./, "any.").replace(/^\*$/, "any.example.com"))];
            const stranger = "stranger.example.net";
            const results = await Promise.all(
                services.flatMap(({ name, path }) =>
                    [...new Set([...examples, stranger])].map(async (to) => {
                        const declared = to !== stranger || hosts.includes("*");
                        const [answer] = await target.request({ path, host: to });
                        const right = declared ? answer!.status === 200 : answer!.status === 404 && !answer!.pod;
                        return right
                            ? undefined
                            : {
                                  subject: `${name} with Host ${to}`,
                                  seen: `${describe(answer!)} instead of ${declared ? 200 : 404}`,
                              };
                    }),
                ),
            );
            return results.filter((result) => result !== undefined);
        }
    },
});

/** Paths that begin with the characters of a prefix. */
const nearby = (prefix: string): string[] => [prefix, `${prefix}/42`, `${prefix}?page=2`, `${prefix}X`];

/** Paths near the declared ones that no route of the platform matches. */
export function undeclaredPaths(config: PlatformConfig): string[] {
    const prefixes = declaredPrefixes(config);
    const candidates = [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/invalid",
        "/no/such/path",
        ...ecommerceServices(config).flatMap(({ path }) => [
            path.slice(0, -1),
            `/x${path}`,
            path.toUpperCase(),
            ...nearby(path),
        ]),
    ];
    return [...new Set(candidates)].filter(
        (path) => path !== "" && !prefixes.some((prefix) => takesPath(config, prefix, path)),
    );
}
