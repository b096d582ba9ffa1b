import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { UserError } from "../../tools/errors";

/** Route test cases in the format that istio-config-validator made known: what a request is, and where it must go. */

const destination = z.looseObject({
    host: z.string().min(1),
    subset: z.string().optional(),
    port: z.looseObject({ number: z.int() }).optional(),
});
const operations = z
    .looseObject({
        set: z.record(z.string(), z.string()).optional(),
        add: z.record(z.string(), z.string()).optional(),
        remove: z.array(z.string()).optional(),
    })
    .optional();
const routeCase = z.strictObject({
    description: z.string().min(1).describe("What is proved"),
    wantMatch: z.boolean().describe("false: the requests must go anywhere else"),
    request: z.strictObject({
        authority: z.array(z.string().min(1)).min(1),
        method: z.array(z.string().min(1)).default(["GET"]),
        uri: z.array(z.string().startsWith("/")).min(1),
        headers: z.record(z.string(), z.string()).default({}),
    }),
    route: z.array(z.looseObject({ destination, weight: z.number().optional() })).optional(),
    redirect: z
        .looseObject({
            uri: z.string().optional(),
            authority: z.string().optional(),
            scheme: z.string().optional(),
            port: z.int().optional(),
            redirectCode: z.int().optional(),
        })
        .optional(),
    rewrite: z
        .looseObject({
            uri: z.string().optional(),
            authority: z.string().optional(),
            uriRegexRewrite: z.looseObject({ match: z.string(), rewrite: z.string() }).optional(),
        })
        .optional(),
    fault: z.looseObject({ abort: z.looseObject({ httpStatus: z.int() }).optional() }).optional(),
    headers: z.looseObject({ request: operations, response: operations }).optional(),
    delegate: z.looseObject({ name: z.string(), namespace: z.string().optional() }).optional(),
});
export type RouteCase = z.output<typeof routeCase> & { readonly file: string };

/** One request of a case: every combination of its authorities, methods and paths is one. */
export interface CaseRequest {
    readonly authority: string;
    readonly method: string;
    readonly uri: string;
    readonly headers: Readonly<Record<string, string>>;
}

/**
 * The cases in a file of one or more YAML documents.
 * @throws UserError with the path of each problem.
 */
export function readCases(file: string, text: string): RouteCase[] {
    return parseAllDocuments(text).flatMap((document, index) => {
        if (document.errors[0]) throw new UserError(`${file}: ${document.errors[0].message}`, 2);
        const value = document.toJS() as unknown;
        if (value === null) return [];
        const result = z.strictObject({ testCases: z.array(routeCase) }).safeParse(value);
        if (result.success) return result.data.testCases.map((one) => ({ ...one, file }));
        const problems = result.error.issues.map(({ path, message }) => `  ${path.map(String).join(".")}: ${message}`);
        throw new UserError(`${file}, document ${index + 1}:\n${problems.join("\n")}`, 2);
    });
}

/** The requests of a case. */
export function requestsOf({ request }: RouteCase): CaseRequest[] {
    const { authority, method, uri, headers } = request;
    return authority.flatMap((host) =>
        method.flatMap((verb) => uri.map((path) => ({ authority: host, method: verb, uri: path, headers }))),
    );
}
