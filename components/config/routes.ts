import { z } from "zod";
import { retries } from "./traffic";
import { dnsLabel, duration, pathPrefix, percent } from "./units";

/** Routes of a service in the domain's words: which requests, to which of its subsets, and what happens on the way. */

/** A header's name, in lower case as HTTP/2 and Envoy have it. */
export const headerName = z
    .string()
    .regex(/^[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/, "a header's name in lower case, for example x-version");

/** A cookie's name or value: neither `;` nor spaces. */
const cookieText = z.string().regex(/^[^\s;=,"\\]+$/, 'neither spaces nor ; = , " \\');

/** Which requests a route takes: all conditions together. */
export const routeMatch = z.strictObject({
    prefix: pathPrefix.describe("Beginning of the path; Istio compares characters, so /a also takes /ab"),
    headers: z
        .record(headerName, z.string().min(1))
        .default({})
        .describe("Header -> its exact value (C9, C10, T2). Default: any"),
    cookies: z.record(cookieText, cookieText).default({}).describe("Cookie -> its exact value (C10). Default: any"),
});
export type RouteMatch = z.infer<typeof routeMatch>;

/** A copy of every request, or of a share, to a second subset; its answers are thrown away (E10, T6). */
export const mirror = z.strictObject({
    to: dnsLabel.describe("Subset that gets the copies"),
    percent: percent.min(1, "at least 1 %; leave mirror out for none").default(100).describe("Share that is copied"),
});
export type Mirror = z.infer<typeof mirror>;

const faultShare = percent.min(1, "at least 1 %; leave it out for none").default(100);

/** Faults that the proxy makes on purpose (E9). It decides on delay and abort each by itself, the delay first. */
export const fault = z
    .strictObject({
        delay: z
            .strictObject({
                fixedDelay: duration.describe("What the request waits"),
                percent: faultShare.describe("Share of the requests that wait"),
            })
            .optional()
            .describe("Default: no delay"),
        abort: z
            .strictObject({
                httpStatus: z.int().min(400).max(599).describe("Status of the answer"),
                percent: faultShare.describe("Share of the requests that are answered so"),
            })
            .optional()
            .describe("Default: no abort"),
    })
    .refine(({ delay, abort }) => delay || abort, "a fault has a delay, an abort, or both");
export type Fault = z.infer<typeof fault>;

/** Retries of one route; what is left out is as Istio has it. */
export const routeRetries = retries.omit({ codes: true }).extend({
    perTryTimeout: retries.shape.perTryTimeout.optional().describe("Time allowed to each try. Default: the route's"),
    retryOn: retries.shape.retryOn
        .optional()
        .describe("Conditions under which a try is repeated. Default: Istio's, when no answer came"),
});
export type RouteRetries = z.infer<typeof routeRetries>;

/** One route of a service. Of several the first whose match holds decides. */
export const route = z.strictObject({
    name: dnsLabel.describe("Name of the route, unique within its service"),
    match: routeMatch.describe("Which requests it takes"),
    weights: z
        .record(dnsLabel, percent)
        .optional()
        .describe("Subset -> share of the requests; together 100. Default: all pods alike, whatever their subset"),
    timeout: duration.optional().describe("Time allowed to the whole request, retries included. Default: no limit"),
    retries: routeRetries
        .optional()
        .describe("What is tried again. Default: Istio's, 2 more tries when no answer came"),
    mirror: mirror.optional().describe("Copies to another subset. Default: none"),
    fault: fault.optional().describe("Faults on purpose. Default: none"),
});
export type Route = z.infer<typeof route>;

/** A service's routes, in the order in which they are tried. */
export const routes = z
    .array(route)
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, "every route has a name of its own");
