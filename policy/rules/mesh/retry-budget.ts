import { readDuration } from "../../model/duration";
import { isKnown } from "../../model/unknown";
import { at, list, type Rule } from "../rule";

export const retryBudget: Rule = {
    id: "retry-budget",
    title: "Time-out and retries of a route go together: one try fits into the whole request",
    reason: "The request's timeout ends the first try, so that the retries that are declared never happen, or Istio refuses the VirtualService.",
    fix: "Set perTryTimeout below timeout, so that at least two tries fit in.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["C3", "T10", "T11"],
    *check(mesh) {
        for (const virtualService of mesh.virtualServices)
            for (const { field } of virtualService.httpRoutes) {
                const retries = field.get("retries");
                const attempts = retries.get("attempts").number();
                const perTry = readDuration(retries.get("perTryTimeout").text());
                const timeout = readDuration(field.get("timeout").text());
                if (isKnown(timeout) && timeout < 1)
                    yield at(
                        virtualService,
                        field.get("timeout"),
                        `Istio refuses a timeout of ${String(field.get("timeout").value)}: it must be at least 1ms`,
                        "leave timeout out for no limit",
                    );
                const useless = ["perTryTimeout", "retryOn"].filter((name) => retries.get(name).isSet);
                if (attempts === 0 && useless.length > 0)
                    yield at(
                        virtualService,
                        retries,
                        `retries are switched off (attempts 0) and ${list(useless)} set: Istio refuses the VirtualService`,
                        `remove ${list(useless)}, or set attempts to 1 or more`,
                    );
                if (!isKnown(attempts) || attempts === 0 || !isKnown(perTry) || !isKnown(timeout)) continue;
                if (perTry <= timeout || timeout < 1) continue;
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
