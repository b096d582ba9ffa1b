import type { Field } from "../../model/field";
import { isKnown } from "../../model/unknown";
import { at, type Finding, type Rule } from "../rule";
import type { VirtualService } from "../../model/virtual-service";

export const mirror: Rule = {
    id: "mirror",
    title: "A mirror has a destination and a percentage from above 0 to 100",
    reason: "Without a value nothing is mirrored; without a destination Istio refuses the VirtualService.",
    fix: "Write mirror.host, and mirrorPercentage.value (leave mirrorPercentage out for 100 %).",
    severity: "high",
    enforcement: "mandatory",
    sources: ["E10", "T6"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices)
            for (const { field } of virtualService.httpRoutes) {
                const destination = field.get("mirror");
                const percentage = field.get("mirrorPercentage");
                if (destination.isSet && !destination.isUnknown && destination.get("host").value === undefined)
                    yield at(
                        virtualService,
                        destination.get("host"),
                        "the mirror names no host: Istio refuses the VirtualService",
                        "set mirror.host to the Service that shall get the copies",
                    );
                if (percentage.isSet && !destination.isSet)
                    yield at(
                        virtualService,
                        percentage,
                        "a share is set but no mirror: nothing is mirrored",
                        "add mirror.host (and subset), or remove mirrorPercentage",
                    );
                if (percentage.isSet) yield* checkValue(virtualService, percentage);
                for (const item of field.get("mirrors").items())
                    if (item.get("percentage").isSet) yield* checkValue(virtualService, item.get("percentage"));
            }
    },
};

function* checkValue(virtualService: VirtualService, percentage: Field): Iterable<Finding> {
    const value = percentage.get("value").number();
    if (percentage.isUnknown || (isKnown(value) && value > 0 && value <= 100)) return;
    if (percentage.get("value").isUnknown) return;
    yield at(
        virtualService,
        percentage.get("value"),
        value === undefined
            ? "the share has no value, which means 0: nothing is mirrored"
            : `${String(value)} % is no share of the requests: ${value === 0 ? "nothing is mirrored" : "Istio refuses the VirtualService"}`,
        "set value to a number above 0 and up to 100",
    );
}
