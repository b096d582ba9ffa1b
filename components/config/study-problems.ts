import type { Finding } from "./finding";
import { localityProblems } from "./locality-problems";
import { routeProblems } from "./route-problems";
import type { Route } from "./routes";
import type { StudyConfig } from "./study";
import { milliseconds } from "./units";

/** Values of the study's system that are allowed one by one and wrong together: Istio would accept them and never act. */

export function studyProblems(study: StudyConfig): Finding[] {
    const { hosts, catalog, simpleWeb, simpleBackend } = study;
    const lists: [at: string, routes: readonly Route[], pods: Record<string, number>][] = [
        ["study.catalog.routes", catalog.routes, podsOf(catalog.versions)],
        ["study.simpleWeb.routes", simpleWeb.routes, {}],
        ["study.simpleBackend.routes", simpleBackend.routes, profilePods(simpleBackend)],
    ];
    return [
        ...hostProblems(hosts),
        ...lists.flatMap(([at, routes, pods]) => [...routeProblems(at, routes, pods), ...tryProblems(at, routes)]),
        ...profileProblems(simpleBackend),
        ...localityProblems(study),
        ...codeProblems(simpleBackend),
    ];
}

const podsOf = (versions: Readonly<Record<string, { replicas: number }>>): Record<string, number> =>
    Object.fromEntries(Object.entries(versions).map(([name, { replicas }]) => [name, replicas]));

/** Subset of simple-backend -> its pods; one of a version that does not exist is a problem of the profile. */
function profilePods({ profiles, versions }: StudyConfig["simpleBackend"]): Record<string, number> {
    const pods = podsOf(versions);
    const all = Object.values(pods).reduce((sum, count) => sum + count, 0);
    return Object.fromEntries(
        Object.entries(profiles).map(([name, { version }]) => [
            name,
            version === undefined ? all : (pods[version] ?? 1),
        ]),
    );
}

/** T10, T11: a try that may take longer than the whole request is never given up. */
function tryProblems(at: string, routes: readonly Route[]): Finding[] {
    return routes.flatMap(({ timeout, retries }, index): Finding[] => {
        const perTry = retries?.perTryTimeout;
        if (!timeout || !retries?.attempts || !perTry || milliseconds(perTry) <= milliseconds(timeout)) return [];
        return [
            [
                `${at}.${index}.retries.perTryTimeout`,
                `one try may take ${perTry}, longer than the whole request (timeout ${timeout}): it would never act; at most ${timeout}`,
            ],
        ];
    });
}

/** One Gateway lets all three hosts in, and each of them leads somewhere else. */
function hostProblems(hosts: StudyConfig["hosts"]): Finding[] {
    const named = Object.entries(hosts);
    return named.flatMap(([key, host], index): Finding[] => {
        const earlier = named.slice(0, index).find(([, other]) => other === host);
        return earlier
            ? [[`study.hosts.${key}`, `"${host}" leads to ${earlier[0]} already; every host leads to one service`]]
            : [];
    });
}

/** A subset without pods answers 503, one that no route leads to is never used. */
function profileProblems({ profiles, versions, routes }: StudyConfig["simpleBackend"]): Finding[] {
    return Object.entries(profiles).flatMap(([name, { version }]): Finding[] => {
        const at = `study.simpleBackend.profiles.${name}`;
        const used = routes.some(({ weights, mirror }) => (weights?.[name] ?? 0) > 0 || mirror?.to === name);
        return [
            ...(version !== undefined && !(version in versions)
                ? [
                      [
                          `${at}.version`,
                          `no pod has the version "${version}"; there are: ${Object.keys(versions).join(", ")}`,
                      ] satisfies Finding,
                  ]
                : []),
            ...(used ? [] : [[at, "no route leads to the subset: its policy would never act"] satisfies Finding]),
        ];
    });
}

/** T11: Envoy looks at the codes only on a route that says so. */
function codeProblems({ routes, retriableStatusCodes: { route: name } }: StudyConfig["simpleBackend"]): Finding[] {
    const at = "study.simpleBackend.retriableStatusCodes.route";
    const route = routes.find((one) => one.name === name);
    if (!route) return [[at, `there is no route "${name}"; there are: ${routes.map((one) => one.name).join(", ")}`]];
    const { attempts = 0, retryOn = [] } = route.retries ?? {};
    if (attempts > 0 && retryOn.includes("retriable-status-codes")) return [];
    return [[at, `the route "${name}" does not retry on retriable-status-codes: the codes would never be looked at`]];
}
