import type { Field } from "./field";
import type { Resolution } from "./host";
import { type Labels, readLabels } from "./labels";
import { MeshObject, type SourceObject } from "./object";
import type { Maybe } from "./unknown";

/** A named part of a service's pods. */
export interface Subset {
    readonly name: Maybe<string>;
    readonly labels: Labels;
    readonly field: Field;
}

/** A place where a DestinationRule sets a traffic policy: for the host, for a port, or for a subset. */
export interface TrafficPolicy {
    readonly field: Field;
    /** Undefined: applies to all pods of the host. */
    readonly subset: Subset | undefined;
}

/** An Istio DestinationRule. */
export class DestinationRule extends MeshObject {
    readonly host: Maybe<string>;
    resolution: Resolution = { status: "unknown" };
    readonly subsets: readonly Subset[];
    readonly subsetsKnown: boolean;

    constructor(source: SourceObject) {
        super(source);
        this.host = this.root.get("spec", "host").text();
        const subsets = this.root.get("spec", "subsets");
        this.subsets = subsets
            .items()
            .map((field) => ({ name: field.get("name").text(), labels: readLabels(field.get("labels")), field }));
        this.subsetsKnown = !subsets.isPartial;
    }

    /** Every traffic policy: the host's, its ports' and its subsets'. */
    get trafficPolicies(): readonly TrafficPolicy[] {
        const own = [{ field: this.root.get("spec", "trafficPolicy"), subset: undefined }];
        const ofSubsets = this.subsets.map((subset) => ({ field: subset.field.get("trafficPolicy"), subset }));
        return [...own, ...ofSubsets]
            .filter(({ field }) => field.isSet)
            .flatMap(({ field, subset }) => [
                { field, subset },
                ...field
                    .get("portLevelSettings")
                    .items()
                    .map((port) => ({ field: port, subset })),
            ]);
    }
}
