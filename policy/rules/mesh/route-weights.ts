import { isKnown, UNKNOWN } from "../../model/unknown";
import { at, type Rule } from "../rule";

export const routeWeights: Rule = {
    id: "route-weights",
    title: "The weights of a route are not negative and add up to 100",
    reason: "Istio refuses negative and all-zero weights; other sums share the requests differently from what the numbers say.",
    fix: "Give every destination of the route a weight from 0 to 100, together 100.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["E8", "C9", "T4"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices)
            for (const { destinations, destinationsKnown, field } of virtualService.routes) {
                const route = field.get("route");
                for (const { weight, parent } of destinations)
                    if (isKnown(weight) && (weight < 0 || !Number.isInteger(weight)))
                        yield at(
                            virtualService,
                            parent.get("weight"),
                            `the weight ${weight} is not allowed: Istio refuses the VirtualService`,
                            "write a whole number from 0 to 100",
                        );
                const weights = destinations.map(({ weight }) => weight);
                if (destinations.length < 2 || !destinationsKnown || weights.includes(UNKNOWN)) continue;
                const numbers = weights.map((weight) => (isKnown(weight) ? weight : 0));
                const total = numbers.reduce((sum, weight) => sum + weight, 0);
                if (total === 100 || numbers.some((weight) => weight < 0)) continue;
                yield at(
                    virtualService,
                    route,
                    total === 0
                        ? `none of the ${destinations.length} destinations has a weight: Istio refuses the VirtualService`
                        : `the weights ${numbers.join(" + ")} add up to ${total}, not 100: the requests are shared ${shares(numbers, total)}`,
                    "set the weights so that they add up to 100",
                );
            }
    },
};

function shares(weights: readonly number[], total: number): string {
    return weights.map((weight) => `${Math.round((weight / total) * 1000) / 10} %`).join(" / ");
}
