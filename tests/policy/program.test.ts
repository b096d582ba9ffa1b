import assert from "node:assert/strict";
import { createPolicies } from "../../policy/adapter/pack";
import { rules } from "../../policy/rules";
import { type RegisteredResource, runProgram, stackFileConfig } from "../support/program";
import { analyze, type Diagnostic } from "./analyzer";
import type { Manifest } from "./good-mesh";

/** A day on which the stacks' own exemptions hold: whether they still do is a matter of a deployment, not of a test. */
const DAY = "2026-11-22";

/** What the pack says about the resources that the program registers. */
function judge(resources: readonly RegisteredResource[]): Promise<Diagnostic[]> {
    return analyze(createPolicies(rules, DAY), resources);
}

function local(change: Record<string, object>): Record<string, unknown> {
    const config = stackFileConfig("local");
    return {
        ...config,
        ...Object.fromEntries(
            Object.entries(change).map(([key, value]) => [key, { ...(config[key] as object), ...value }]),
        ),
    };
}

describe("policy: the program's own resources", function () {
    this.timeout("60s");

    for (const stack of ["local", "dev", "prod"])
        it(`raise nothing: stack ${stack}`, async () => {
            const { resources } = await runProgram({ stack });
            assert.ok(resources.length > 50, "the program registers the whole platform");
            assert.deepEqual(await judge(resources), []);
        });

    const variations: Record<string, Record<string, object>> = {
        "canary 90/10 (E8)": { egov: { hello: { weights: { v1: 90, v2: 10 } } } },
        "production circuit breaker (E6)": { egov: { outlierDetection: "production" } },
        "the documents' http-echo (C1)": {
            sampleImage: { app: "http-echo" },
            egov: { enabled: false },
            study: { enabled: false },
            mesh: { mtls: {} },
        },
        "one host only (C2)": { ecommerce: { hosts: ["api.c4ang.com"] } },
        "without eGov": { egov: { enabled: false }, mesh: { mtls: {} } },
        "without e-commerce": { ecommerce: { enabled: false } },
        "without the study": { study: { enabled: false } },
    };
    for (const [title, change] of Object.entries(variations))
        it(`raise nothing: ${title}`, async () => {
            const { resources } = await runProgram({ config: local(change) });
            assert.deepEqual(await judge(resources), []);
        });
});

describe("policy: the documents' problems in the program's own resources (C8)", function () {
    this.timeout("60s");
    let program: RegisteredResource[];
    before(async () => {
        program = (await runProgram()).resources;
    });

    const problems: {
        title: string;
        kind: string;
        name: string;
        change(inputs: Manifest): unknown;
        caught: string[];
    }[] = [
        {
            title: "1: the webhook's port leads nowhere",
            kind: "Service",
            name: "istiod",
            change: ({ spec }) => (spec.ports.find(({ port }: Manifest) => port === 443).targetPort = 15018),
            caught: ["webhook-service"],
        },
        {
            title: "2: selector and labels differ",
            kind: "Service",
            name: "order-api",
            change: ({ spec }) => (spec.selector = { "app.kubernetes.io/name": "order-service" }),
            caught: ["service-selector"],
        },
        {
            title: "3: container without args",
            kind: "Deployment",
            name: "order-api",
            change: ({ spec }) => delete spec.template.spec.containers[0].args,
            caught: ["container-args"],
        },
        {
            title: "4: VirtualService without gateway",
            kind: "VirtualService",
            name: "order-api",
            change: ({ spec }) => delete spec.gateways,
            caught: ["virtual-service-gateway"],
        },
    ];
    for (const { title, kind, name, change, caught } of problems)
        it(`problem ${title}`, async () => {
            const broken = structuredClone(program);
            const target = broken.find(
                ({ type, inputs }) => type.endsWith(`:${kind}`) && (inputs as Manifest).metadata.name === name,
            );
            assert.ok(target, `${kind} ${name} is part of the program`);
            change(target.inputs);
            const found = await judge(broken);
            assert.deepEqual([...new Set(found.map(({ policy }) => policy))], caught);
            for (const { enforcement, urn, message } of found) {
                assert.equal(enforcement, "mandatory");
                assert.match(urn, /^urn:pulumi:/);
                assert.match(message, /\n\w+\/.+, (spec|webhooks)\S*: .+\nFix: .+/);
            }
        });
});
