import { z } from "zod";
import { at, Json, JsonObject } from "../../common/values";
import { condition } from "../objects";
import { WAIT_FOR } from "../annotations";
import { Readiness, READY, waiting } from "./state";

/** One thing to wait for. */
export type WaitFor =
    | { type: "condition"; condition: string; status: string }
    /** `value` undefined: the field only has to exist. */
    | { type: "jsonpath"; path: (string | number)[]; text: string; value?: string };

const EXPRESSIONS = z.union([z.string().transform((text) => [text]), z.array(z.string()).min(1)]);

/**
 * Reads the annotation `pulumi.com/waitFor`: one expression, or a JSON list of them.
 * @throws Error that shows what is allowed.
 */
export function parseWaitFor(annotation: string): WaitFor[] {
    let expressions: unknown = annotation;
    if (annotation.trimStart().startsWith("["))
        try {
            expressions = JSON.parse(annotation);
        } catch {
            throw invalid(annotation);
        }
    const parsed = EXPRESSIONS.safeParse(expressions);
    if (!parsed.success) throw invalid(annotation);
    return parsed.data.map(parseExpression);
}

function parseExpression(expression: string): WaitFor {
    const [, conditionType, status = "True"] = /^condition=([^=]+)(?:=(.+))?$/.exec(expression) ?? [];
    if (conditionType !== undefined) return { type: "condition", condition: conditionType, status };
    const [, text, value] = /^jsonpath=\{\.([^{}]+)\}(?:=(.*))?$/.exec(expression) ?? [];
    if (text === undefined || !/^[\w$-]+(\.[\w$-]+|\[\d+\])*$/.test(text)) throw invalid(expression);
    const path = [...text.matchAll(/[^.[\]]+/g)].map(([key]) => (/^\d+$/.test(key) ? Number(key) : key));
    return { type: "jsonpath", path, text, value };
}

function invalid(expression: string): Error {
    return new Error(
        `annotation ${WAIT_FOR}: cannot read "${expression}". Allowed: "condition=Type", "condition=Type=Status", ` +
            '"jsonpath={.status.phase}", "jsonpath={.status.phase}=Running", or a JSON list of these.',
    );
}

/** Whether all that is to be waited for holds. */
export function waitForReadiness(object: JsonObject, list: readonly WaitFor[]): Readiness {
    for (const each of list) {
        if (each.type === "condition") {
            const actual = condition(object, each.condition)?.["status"];
            if (String(actual).toLowerCase() !== each.status.toLowerCase())
                return waiting(`condition ${each.condition} is ${String(actual ?? "not set")}, not ${each.status}`);
            continue;
        }
        const actual = at(object, each.path);
        if (actual === undefined) return waiting(`.${each.text} is not set`);
        if (each.value !== undefined && asText(actual) !== each.value)
            return waiting(`.${each.text} is ${asText(actual)}, not ${each.value}`);
    }
    return READY;
}

function asText(value: Json): string {
    return typeof value === "string" ? value : JSON.stringify(value);
}
