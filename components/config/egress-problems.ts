import { siteHost } from "./egress";
import { when, type Finding } from "./finding";
import type { PlatformConfig } from "./platform";

/** P11, T7: hosts that are declared twice or lie in the mesh, and a site of which nothing is to be seen. */
export function egressProblems({ egov, ecommerce, study, mesh: { egress } }: PlatformConfig): Finding[] {
    const hosts = Object.entries(egress.hosts);
    const inside = [...Object.values(egov.namespaces), ecommerce.namespace, study.namespace];
    const twice = hosts.flatMap(([name, { host, port }], index): Finding[] => {
        const first = hosts.findIndex(([, other]) => other.host === host && other.port === port);
        return when(first < index, [
            `mesh.egress.hosts.${name}`,
            `${host}:${port} is already ${hosts[first]![0]}; Istio would take one of the two and not say which`,
        ]);
    });
    const ofTheMesh = hosts.flatMap(([name, { host }]): Finding[] =>
        when(
            inside.some((namespace) => new RegExp(`\\.${namespace}(\\.svc(\\.cluster\\.local)?)?$`).test(host)),
            [
                `mesh.egress.hosts.${name}.host`,
                `${host} lies in the mesh: a host outside is meant, which Istio does not know by itself`,
            ],
        ),
    );
    const { site } = egress;
    const unknown = site
        ? hosts.flatMap(([name, { host, port }]): Finding[] => {
              if (!host.endsWith(siteHost(site, ""))) return [];
              const service = host.split(".")[0]!;
              if (site.services.includes(service))
                  return when(port === site.otherPort, [
                      `mesh.egress.hosts.${name}.port`,
                      `${port} is mesh.egress.site.otherPort, the port that no Service of the mesh has: declare 80, or choose another otherPort`,
                  ]);
              return [
                  [`mesh.egress.hosts.${name}.host`, `the site has no ${service}; it has: ${site.services.join(", ")}`],
              ];
          })
        : [];
    return [...twice, ...ofTheMesh, ...unknown];
}

/** T7: a sidecar is told of hosts that nobody declares, which Istio accepts and leaves out. */
export function scopeProblems({ ecommerce: { enabled, scope }, mesh: { egress } }: PlatformConfig): Finding[] {
    if (!enabled || !scope) return [];
    const known = Object.keys(egress.hosts);
    return scope.outside.flatMap((name, index) =>
        when(!known.includes(name), [
            `ecommerce.scope.outside.${index}`,
            `mesh.egress.hosts has no "${name}"; it has: ${known.join(", ") || "none"}`,
        ]),
    );
}
