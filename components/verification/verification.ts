import * as pulumi from "@pulumi/pulumi";
import { dirname, join, relative } from "node:path";
import type { Cluster } from "../cluster/cluster";
import type { PlatformConfig } from "../config/platform";
import { declaredObjects } from "./declared-objects";
import { runSuite } from "./suite";
import { writeTarget } from "./target";

/** The check after a deployment. */
export interface VerificationArgs {
    /** The whole configuration: what the suite proves. */
    config: PlatformConfig;
    /** The cluster that was deployed to. */
    cluster: Cluster;
    /**
     * Certificate of the HTTPS entrance in PEM, where the program made it (P5).
     * @default none
     */
    certificate?: pulumi.Input<string | undefined>;
    /**
     * Key that signs tokens, in PEM, where the program made it (S5).
     * @default none
     */
    signingKey?: pulumi.Input<string | undefined>;
    /**
     * Key that signs tokens for the tools of the monitoring, in PEM, where the program made it (S1).
     * @default none
     */
    accessKey?: pulumi.Input<string | undefined>;
    /** What is not the official product: repeated in every report. */
    provenance: readonly string[];
    /** Everything that must be there before the first request. */
    after: readonly pulumi.CustomResource[];
    /** What the control plane works by, where the program registers it: its ConfigMaps, the registrations of its webhooks. */
    controlPlane: readonly pulumi.CustomResource[];
}

const projectDirectory = dirname(dirname(__dirname));

/**
 * Runs the verification suite against the mesh that was just deployed, in every `pulumi up` and never in a preview.
 *
 * A failing check fails the update and is run again by the next one. Nothing of it is kept in the state: an unchanged,
 * healthy stack stays unchanged. (A resource hook would not do: after a failed one the resource counts as deployed, and
 * the next update would be green without a check.)
 */
export class Verification extends pulumi.ComponentResource {
    /** The HTML report; known only after the suite has passed, when it runs at all. */
    readonly reportPath: pulumi.Output<string | undefined>;

    constructor(name: string, args: VerificationArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:verification:Verification", name, {}, opts);
        this.reportPath = this.verify(args);
        this.registerOutputs({ reportPath: this.reportPath });
    }

    private verify({
        config,
        cluster,
        certificate,
        signingKey,
        accessKey,
        provenance,
        after,
        controlPlane,
    }: VerificationArgs): pulumi.Output<string | undefined> {
        const stack = pulumi.getStack();
        const reportDirectory = join(projectDirectory, "reports", stack);
        const report = join(reportDirectory, "index.html");
        // An id is known once its resource is there and, for a Deployment, its pods are Ready.
        const deployed = pulumi.all(after.map(({ id }) => id));
        return pulumi
            .all([
                cluster.kubeconfigPath,
                cluster.gateway,
                cluster.secureGateway,
                pulumi.output(certificate),
                pulumi.unsecret(pulumi.output(signingKey)),
                pulumi.unsecret(pulumi.output(accessKey)),
                declaredObjects(after, controlPlane),
                deployed,
            ])
            .apply(
                async ([kubeconfig, gateway, secureGateway, certificate, signingKey, accessKey, objects]): Promise<
                    string | undefined
                > => {
                    const { enabled, grep, deadline } = config.verification;
                    if (pulumi.runtime.isDryRun()) return enabled ? report : undefined;
                    const targetFile = join(projectDirectory, ".local", "verification", `${stack}.json`);
                    await writeTarget(targetFile, {
                        ...{ stack, config, kubeconfig, gateway, objects, provenance },
                        ...(config.ecommerce.enabled && config.ecommerce.tls && { secureGateway, certificate }),
                        ...(config.ecommerce.enabled && config.ecommerce.tokens && { signingKey }),
                        ...(accessKey !== undefined && { accessKey }),
                    });
                    // Also where the suite does not run by itself: `npm run verify` reads the target.
                    if (!enabled) return undefined;
                    try {
                        const { summary } = await runSuite({
                            ...{ projectDirectory, targetFile, reportDirectory, grep, deadline },
                            onLine: (line) => this.progress(line),
                        });
                        await pulumi.log.info(
                            `verification: ${summary.passed} passed, ${summary.skipped} skipped in ${Math.round(summary.durationMs / 1000)} s; report: ${relative(process.cwd(), report)}`,
                            this,
                        );
                        return report;
                    } catch (error) {
                        throw new pulumi.RunError(
                            `The deployed mesh failed its verification: ${(error as Error).message}\n` +
                                `Everything is deployed; report: ${report}\nCheck again: npm run verify -- --stack ${stack}\n` +
                                "If someone changed the cluster by hand: pulumi up --refresh puts it right.",
                        );
                    }
                },
            );
    }

    /** A line of the suite, shown while it runs and not repeated at the end. */
    private progress(line: string): void {
        if (line.trim()) void pulumi.log.info(line, this, undefined, true);
    }
}
