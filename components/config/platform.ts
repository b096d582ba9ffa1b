import { z } from "zod";
import { ecommerce, egov, sampleImage } from "./apps";
import { cluster } from "./cluster";
import { mesh } from "./mesh";
import { duration } from "./units";

/** What happens after a deployment: the suite runs against the mesh that was just deployed. */
export const verification = z.strictObject({
    enabled: z
        .boolean()
        .default(true)
        .describe("Run the verification suite after everything else, in every `pulumi up`"),
    grep: z.string().optional().describe("Only the specs whose title matches this regular expression"),
    deadline: duration.default("3m").describe("Time allowed to the whole suite"),
});
export type VerificationConfig = z.infer<typeof verification>;

/**
 * The configuration of a stack: every key of `Pulumi.<stack>.yaml`, each under the project's name
 * (`istio-platform:cluster`, `istio-platform:mesh`, ...). The defaults are the documents' numbers.
 */
export const platform = z
    .strictObject({
        cluster,
        mesh: mesh.prefault({}),
        sampleImage,
        egov: egov.prefault({}),
        ecommerce: ecommerce.prefault({}),
        verification: verification.prefault({}),
    })
    .check(({ value, issues }) => {
        const { subsets, weights } = value.egov.hello;
        if (weights) {
            const path = ["egov", "hello", "weights"];
            const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
            if (total !== 100)
                issues.push({
                    code: "custom",
                    input: weights,
                    path,
                    message: `the weights add up to ${total}, they must add up to 100`,
                });
            for (const subset of Object.keys(weights)) {
                const known = Object.keys(subsets);
                if (!subsets[subset])
                    issues.push({
                        code: "custom",
                        input: subset,
                        path: [...path, subset],
                        message: `no workload carries the subset "${subset}"; there are: ${known.join(", ")}`,
                    });
                else if (subsets[subset].replicas === 0 && (weights[subset] ?? 0) > 0)
                    issues.push({
                        code: "custom",
                        input: subset,
                        path: [...path, subset],
                        message: `the subset "${subset}" has a weight but 0 replicas: its requests would fail with 503`,
                    });
            }
        }
        const paths = Object.entries(value.ecommerce.services);
        for (const [name, { path }] of paths)
            for (const [other, { path: otherPath }] of paths)
                if (name !== other && (path === otherPath ? name > other : path.startsWith(`${otherPath}/`)))
                    issues.push({
                        code: "custom",
                        input: path,
                        path: ["ecommerce", "services", name, "path"],
                        message: `the prefix ${path} is also matched by ${otherPath} of ${other}: one of the two would never be reached`,
                    });
    });

/** A stack's configuration after validation: every default filled in. */
export type PlatformConfig = z.output<typeof platform>;
/** A stack's configuration as a person writes it. */
export type PlatformInput = z.input<typeof platform>;
