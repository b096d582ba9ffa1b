import type { Policies } from "@pulumi/policy";
import { unknownValue } from "@pulumi/pulumi/runtime/rpc";
import { UNKNOWN } from "../../policy/model/unknown";

/* eslint-disable @typescript-eslint/no-require-imports, @typescript-eslint/no-explicit-any -- the SDK's own server, as the engine talks to it; it has no types */
const server: any = require("@pulumi/policy/server");
const proto: any = require("@pulumi/pulumi/proto/analyzer_pb");
const { Struct }: any = require("google-protobuf/google/protobuf/struct_pb");

/** A resource as the engine shows it to an analyzer. */
export interface EngineResource {
    readonly type: string;
    readonly name: string;
    /** What the program wrote. */
    readonly inputs: Record<string, unknown>;
    /** What the provider answered; default: the inputs. */
    readonly outputs?: Record<string, unknown>;
    /** Not declared by the program (a resource that is only read): the engine shows it in the stack alone. */
    readonly readOnly?: boolean;
}

/** What the engine gets to hear. */
export interface Diagnostic {
    readonly policy: string;
    readonly message: string;
    readonly urn: string;
    readonly enforcement: "advisory" | "mandatory";
}

/** The URN of a resource in these tests. */
export function urnOf({ type, name }: Pick<EngineResource, "type" | "name">): string {
    return `urn:pulumi:test::platform::${type}::${name}`;
}

/** Runs policies over a stack through the SDK's real gRPC handlers: each resource first, then the whole stack. */
export async function analyze(policies: Policies, resources: readonly EngineResource[]): Promise<Diagnostic[]> {
    const args = ["istio-platform", "0.1.0", "mandatory", policies] as const;
    const analyzeOne = server.makeAnalyzeRpcFun(...args);
    const analyzeStack = server.makeAnalyzeStackRpcFun(...args);
    const diagnostics: Diagnostic[] = [];
    for (const resource of resources.filter(({ readOnly }) => !readOnly))
        diagnostics.push(...(await call(analyzeOne, message(new proto.AnalyzeRequest(), resource, resource.inputs))));
    const request = new proto.AnalyzeStackRequest();
    request.setResourcesList(
        resources.map((resource) =>
            message(new proto.AnalyzerResource(), resource, resource.outputs ?? resource.inputs),
        ),
    );
    return [...diagnostics, ...(await call(analyzeStack, request))];
}

function message(into: any, resource: EngineResource, properties: Record<string, unknown>): unknown {
    into.setType(resource.type);
    into.setName(resource.name);
    into.setUrn(urnOf(resource));
    into.setOptions(options());
    into.setProperties(Struct.fromJavaScript(onTheWire(properties)));
    return into;
}

function options(): any {
    const empty = new proto.AnalyzerResourceOptions();
    empty.setCustomtimeouts(new proto.AnalyzerResourceOptions.CustomTimeouts());
    return empty;
}

/** Unknown values travel as a sentinel text. */
function onTheWire(value: unknown): any {
    if (value === UNKNOWN) return unknownValue;
    if (Array.isArray(value)) return value.map(onTheWire);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, onTheWire(item)]));
}

function call(handler: any, request: unknown): Promise<Diagnostic[]> {
    return new Promise((resolve, reject) =>
        handler({ request }, (error: Error | undefined, response: any) =>
            error
                ? reject(error)
                : resolve(
                      response.getDiagnosticsList().map((diagnostic: any) => ({
                          policy: diagnostic.getPolicyname(),
                          message: diagnostic.getMessage(),
                          urn: diagnostic.getUrn(),
                          enforcement:
                              diagnostic.getEnforcementlevel() === proto.EnforcementLevel.MANDATORY
                                  ? "mandatory"
                                  : "advisory",
                      })),
                  ),
        ),
    );
}
