import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { httpRouteRetryConditions, isHttpRouteRetry } from "../../config/traffic";
import { milliseconds } from "../../config/units";
import { GATEWAY_API } from "../api";
import type { GatewayReference } from "../gateway";
import { cookiePattern, isSplit, type HttpRouteArgs, type RetryPolicy } from "../http-route";
import type { Destination } from "../service";
import { routedHosts, type VirtualServiceArgs } from "../virtual-service";
import { subsetService } from "./subset-service";

/**
 * `spec` of an HTTPRoute that does with every request what a VirtualService of the same arguments does (P12), but for one
 * thing: it compares paths by whole segments.
 *
 * @throws RangeError for what an HTTPRoute cannot say, and when no Gateway admits one of the hosts.
 */
export function httpRouteObjectSpec(args: VirtualServiceArgs<GatewayReference>) {
    const hosts = routedHosts(args);
    return {
        parentRefs: args.gateways.map(({ gatewayName, namespace }) => ({ name: gatewayName, namespace })),
        // Without host names a route is for every host of its Gateways.
        ...(!hosts.includes("*") && { hostnames: hosts }),
        rules: args.routes.map(ruleSpec),
    };
}

function ruleSpec(args: HttpRouteArgs) {
    const { name, to, timeout, retries, mirror, fault } = args;
    if (fault) throw new RangeError("an HTTPRoute makes no faults");
    if (args.cutPrefix || args.withoutHeaders) throw new RangeError("an HTTPRoute passes requests on as they came");
    const backendRequest = retries?.attempts ? retries.perTryTimeout : undefined;
    return {
        ...(name && { name }),
        matches: [matchSpec(args)],
        backendRefs: isSplit(to)
            ? to.map(({ destination, weight }) => ({ ...backendSpec(destination), weight }))
            : [backendSpec(to)],
        ...(mirror && {
            filters: [
                {
                    type: "RequestMirror",
                    requestMirror: { backendRef: backendSpec(mirror.to), percent: mirror.percent },
                },
            ],
        }),
        ...((timeout || backendRequest) && {
            timeouts: {
                ...(timeout && { request: durationSpec(timeout) }),
                ...(backendRequest && { backendRequest: durationSpec(backendRequest) }),
            },
        }),
        ...(retries && { retry: retrySpec(retries) }),
    };
}

function matchSpec({ prefix, headers = {}, cookies = {} }: Pick<HttpRouteArgs, "prefix" | "headers" | "cookies">) {
    const patterns = Object.entries(cookies).map(([name, value]) => cookiePattern(name, value));
    // One header, one condition: a second one about the same header counts for nothing.
    if (patterns.length > 1) throw new RangeError("a route matches one cookie at most");
    const conditions = [
        ...Object.entries(headers).map(([name, value]) => ({ type: "Exact", name, value })),
        ...patterns.map((value) => ({ type: "RegularExpression", name: "cookie", value })),
    ];
    return {
        path: { type: "PathPrefix", value: prefix },
        ...(conditions.length > 0 && { headers: conditions }),
    };
}

/** A backend is a whole Service: each subset has one of its own. */
function backendSpec(destination: Destination) {
    const { name, namespace, port } = "service" in destination ? subsetService(destination) : destination;
    return { name, namespace, port };
}

function retrySpec({ attempts, retryOn, codes = [] }: RetryPolicy) {
    if (attempts === 0) return { attempts };
    if (!isHttpRouteRetry(retryOn))
        throw new RangeError(
            `an HTTPRoute retries on ${httpRouteRetryConditions.join(", ")}, and not on ${retryOn?.join(", ") ?? "Istio's default"}`,
        );
    return { attempts, ...(codes.length > 0 && { codes: [...codes] }) };
}

/** A duration in whole numbers of at most five digits, the only ones that the Gateway API reads. */
function durationSpec(text: string): string {
    const all = Math.round(milliseconds(text));
    const [seconds, rest] = [Math.floor(all / 1000), all % 1000];
    return `${seconds > 0 ? `${seconds}s` : ""}${rest > 0 ? `${rest}ms` : ""}`;
}

/** An HTTPRoute. */
export class HttpRoute extends k8s.apiextensions.CustomResource {
    constructor(name: string, args: VirtualServiceArgs<GatewayReference>, opts?: pulumi.CustomResourceOptions) {
        super(
            name,
            {
                apiVersion: GATEWAY_API,
                kind: "HTTPRoute",
                metadata: { name, namespace: args.namespace },
                spec: httpRouteObjectSpec(args),
            },
            opts,
        );
    }
}
