import { coversMatch, isEmptyMatch } from "../../model/match";
import { isKnown } from "../../model/unknown";
import type { Route, VirtualService } from "../../model/virtual-service";
import { at, type Finding, type Rule } from "../rule";

export const unreachableRoute: Rule = {
    id: "unreachable-route",
    title: "Every route of a VirtualService can be reached: no earlier one takes all of its requests",
    reason: "Proxies take the first route that matches: the later one is never used, whatever it says.",
    fix: "Put the narrower route first, or change one of the two matches.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["C3", "https://istio.io/latest/docs/reference/config/analysis/ist0130/"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices)
            for (const [index, route] of virtualService.httpRoutes.entries()) {
                const finding = checkRoute(virtualService, virtualService.httpRoutes.slice(0, index), route);
                if (finding) yield finding;
            }
    },
};

function checkRoute(virtualService: VirtualService, earlier: readonly Route[], route: Route): Finding | undefined {
    if (route.field.isUnknown || route.field.get("match").isPartial) return undefined;
    const all = earlier.find(takesAll);
    if (all)
        return at(
            virtualService,
            route.field,
            `${all.field.path} already takes every request: this route is never used`,
            `move ${all.field.path} to the end, or give it a match`,
        );
    for (const match of route.matches) {
        const taker = earlier
            .filter(({ field }) => !field.get("match").isPartial)
            .find(({ matches }) => matches.some((candidate) => coversMatch(candidate, match)));
        if (taker)
            return at(
                virtualService,
                match,
                `${taker.field.path} already takes every request of this match: it is never used`,
                `put ${route.field.path} before ${taker.field.path}, or change one of the two matches`,
            );
    }
    for (const [index, match] of route.matches.entries()) {
        const same = route.matches
            .slice(0, index)
            .find((other) => coversMatch(other, match) && coversMatch(match, other));
        if (same)
            return at(
                virtualService,
                match,
                `${same.path} says the same: one of the two is never used`,
                "remove one of the two",
            );
    }
    return undefined;
}

function takesAll({ field, matches }: Route): boolean {
    if (field.isUnknown || field.get("match").isUnknown || field.get("match").isPartial) return false;
    return (
        matches.length === 0 || matches.some((match) => isEmptyMatch(match) || isRootPrefix(match.get("uri"), match))
    );
}

function isRootPrefix(uri: { get(key: string): { value: unknown } }, match: { keys(): string[] }): boolean {
    return uri.get("prefix").value === "/" && match.keys().every((key) => key === "uri" || key === "name");
}

export const routeMatch: Rule = {
    id: "route-match",
    title: "The matches of a route can be satisfied",
    reason: "No request ever satisfies the match: its route is never used.",
    fix: "Write paths that begin with /, gateways that the VirtualService binds to, labels that pods carry.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["C3", "https://istio.io/latest/docs/reference/config/networking/virtual-service/"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices) {
            for (const { matches } of virtualService.httpRoutes)
                for (const match of matches) {
                    yield* checkPath(virtualService, match);
                    const method = match.get("method", "exact").text();
                    if (isKnown(method) && method !== method.toUpperCase())
                        yield at(
                            virtualService,
                            match.get("method", "exact"),
                            `methods are in capitals: no request has the method ${method}`,
                            `write ${method.toUpperCase()}`,
                        );
                }
            for (const { matches } of virtualService.routes)
                for (const match of matches) {
                    const bound = virtualService.gateways;
                    for (const item of match.get("gateways").items()) {
                        const name = item.text();
                        if (!isKnown(name) || bound.some((binding) => !isKnown(binding.name))) continue;
                        const full =
                            name === "mesh" || name.includes("/")
                                ? name
                                : `${String(virtualService.namespace)}/${name}`;
                        if (bound.some((binding) => binding.name === full)) continue;
                        yield at(
                            virtualService,
                            item,
                            `the VirtualService does not bind to the gateway ${name}: the match is never satisfied`,
                            `add ${name} to spec.gateways, or remove it here`,
                        );
                    }
                    if (
                        match.get("sourceLabels").keys().length > 0 &&
                        !virtualService.bindsMesh &&
                        isBound(virtualService)
                    )
                        yield at(
                            virtualService,
                            match.get("sourceLabels"),
                            "sourceLabels are those of a sidecar, and the VirtualService does not bind to mesh: the match is never satisfied",
                            "add mesh to spec.gateways, or remove sourceLabels",
                        );
                    else yield* checkSource(mesh.workloads, virtualService, match, mesh.isPartial);
                }
        }
    },
};

function isBound({ gateways }: VirtualService): boolean {
    return gateways.every(({ gateway }) => typeof gateway === "object");
}

function* checkSource(
    workloads: readonly { labels: unknown }[],
    virtualService: VirtualService,
    match: Route["field"],
    isPartial: boolean,
): Iterable<Finding> {
    const labels = match.get("sourceLabels");
    if (labels.keys().length === 0 || workloads.length === 0) return;
    const wanted = labels.keys().map((key) => [key, labels.get(key).value] as const);
    const carried = (key: string, value: unknown): boolean =>
        workloads.some(({ labels: own }) => {
            if (typeof own !== "object" || own === null) return true;
            const actual = (own as Record<string, unknown>)[key];
            return typeof actual === "symbol" || actual === value;
        });
    const missing = wanted.find(([key, value]) => typeof value === "string" && !carried(key, value));
    const isKey =
        missing && workloads.some(({ labels: own }) => typeof own === "object" && own !== null && missing[0] in own);
    if (!missing || (isPartial && !isKey)) return;
    yield at(
        virtualService,
        labels.get(missing[0]),
        `no workload's pods carry ${missing[0]}=${String(missing[1])}: the match is never satisfied`,
        "write the labels of the calling pods",
    );
}

function* checkPath(virtualService: VirtualService, match: Route["field"]): Iterable<Finding> {
    for (const how of ["exact", "prefix"] as const) {
        const field = match.get("uri", how);
        const path = field.text();
        if (!isKnown(path)) continue;
        if (!path.startsWith("/") && path !== "*" && path !== "")
            yield at(
                virtualService,
                field,
                `no path begins with "${path}": the match is never satisfied`,
                path.includes("://") ? "write the path alone" : `write "/${path}"`,
            );
        else if (/[?#]/.test(path))
            yield at(
                virtualService,
                field,
                `"${path}" has a query: a path is compared without it, the match is never satisfied`,
                "match it by queryParams",
            );
        else if (/\*|\.\*|\(.*\)/.test(path) && path !== "*")
            yield at(
                virtualService,
                field,
                `"${path}" is compared letter by letter: no path has such characters`,
                "write the fixed part as prefix, or the whole as regex",
            );
    }
    const places = [
        match.get("uri", "regex"),
        ...["headers", "queryParams"].flatMap((name) =>
            match
                .get(name)
                .keys()
                .map((key) => match.get(name, key, "regex")),
        ),
    ];
    for (const field of places) {
        const text = field.text();
        if (!isKnown(text) || isExpression(text)) continue;
        yield at(
            virtualService,
            field,
            `"${text}" is no regular expression (RE2): Istio refuses the VirtualService`,
            "correct the expression",
        );
    }
}

/** Whether Envoy's RE2 takes an expression: it has neither look-around nor back-references. */
export function isExpression(text: string): boolean {
    if (/\(\?(=|!|<=|<!)/.test(text)) return false;
    try {
        // RE2 switches flags inside the expression, JavaScript does not.
        new RegExp(
            text
                .replaceAll(/\(\?[imsU-]+(:|\))/g, (_, end: string) => (end === ":" ? "(?:" : ""))
                .replaceAll("(?P<", "(?<"),
        );
        return true;
    } catch {
        return false;
    }
}
