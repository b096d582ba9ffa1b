import { readDuration } from "../model/duration";
import { isKnown } from "../model/unknown";
import { at, type Rule } from "./rule";

export const retryBudget: Rule = {
    id: "retry-budget",
    title: "One try may not take longer than the whole request",
    reason: "The request's timeout ends the first try: the retries that are declared can never happen.",
    fix: "Set perTryTimeout below timeout, so that at least two tries fit in.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["C3", "T10", "T11"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices)
            for (const { field } of virtualService.httpRoutes) {
                const attempts = field.get("retries", "attempts").number();
                const perTry = readDuration(field.get("retries", "perTryTimeout").text());
                const timeout = readDuration(field.get("timeout").text());
                // A timeout of 0s means none.
                if (!isKnown(attempts) || attempts === 0 || !isKnown(perTry) || !isKnown(timeout) || timeout === 0)
                    continue;
                if (perTry <= timeout) continue;
                const written = String(field.get("timeout").value);
                yield at(
                    virtualService,
                    field.get("retries", "perTryTimeout"),
                    `one try may take ${String(field.get("retries", "perTryTimeout").value)}, longer than the whole request (timeout ${written}): none of the ${attempts} retries can happen`,
                    `set perTryTimeout to at most half of ${written}, or raise timeout`,
                );
            }
    },
};
