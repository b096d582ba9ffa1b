import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { policyDocument, type Statement } from "./policy-document";

/** Service of AWS that gives roles to pods. */
const POD_IDENTITY = "pods.eks.amazonaws.com";

/** An IAM role for a service of AWS, or for pods. */
export interface ServiceRoleArgs {
    /** Service that takes the role, such as `eks.amazonaws.com`. */
    service: string;
    /** What it is for. */
    description: string;
    /**
     * Names of policies that AWS maintains.
     * @default none
     */
    managedPolicies?: readonly string[];
    /**
     * Statements of its own policy.
     * @default none
     */
    statements?: readonly Statement[];
    /**
     * Conditions under which the service may take it.
     * @default none
     */
    conditions?: Statement["conditions"];
}

/** A role that one service of AWS takes, with what it needs and nothing else. */
export class ServiceRole extends pulumi.ComponentResource {
    readonly role: aws.iam.Role;
    readonly arn: pulumi.Output<string>;
    /** The role with its policies attached: what uses the role waits for these. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(name: string, args: ServiceRoleArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:aws:ServiceRole", name, {}, opts);
        const { service, description, managedPolicies = [], statements = [], conditions } = args;
        this.role = new aws.iam.Role(
            name,
            {
                description,
                assumeRolePolicy: policyDocument([
                    {
                        sid: "TakenByTheService",
                        principal: { Service: service },
                        // Pod Identity also passes on who the pod is.
                        actions: ["sts:AssumeRole", ...(service === POD_IDENTITY ? ["sts:TagSession"] : [])],
                        conditions,
                    },
                ]),
            },
            { parent: this },
        );
        this.arn = this.role.arn;
        const attachments = managedPolicies.map(
            (policy) =>
                new aws.iam.RolePolicyAttachment(
                    `${name}-${policy.split("/").at(-1)}`,
                    { role: this.role.name, policyArn: `arn:aws:iam::aws:policy/${policy}` },
                    { parent: this },
                ),
        );
        const own =
            statements.length > 0
                ? [
                      new aws.iam.RolePolicy(
                          name,
                          { role: this.role.id, policy: policyDocument(statements) },
                          { parent: this },
                      ),
                  ]
                : [];
        this.resources = [this.role, ...attachments, ...own];
        this.registerOutputs({});
    }
}

/** Pods that get a role. */
export interface PodIdentity {
    readonly namespace: string;
    readonly serviceAccount: string;
}

/** A role for pods, by EKS Pod Identity: no key is stored anywhere. */
export interface PodRoleArgs extends Omit<ServiceRoleArgs, "service" | "conditions"> {
    /** Name of the cluster. */
    clusterName: pulumi.Input<string>;
    /** Whose pods get it. */
    pods: readonly PodIdentity[];
}

/** A role that the pods of some service accounts get, in this cluster alone. */
export class PodRole extends pulumi.ComponentResource {
    readonly arn: pulumi.Output<string>;
    /** What has to be there before the pods start. */
    readonly resources: readonly pulumi.CustomResource[];

    constructor(name: string, { clusterName, pods, ...role }: PodRoleArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:aws:PodRole", name, {}, opts);
        const { arn, resources } = new ServiceRole(name, { ...role, service: POD_IDENTITY }, { parent: this });
        const associations = pods.map(
            ({ namespace, serviceAccount }) =>
                new aws.eks.PodIdentityAssociation(
                    `${name}-${namespace}-${serviceAccount}`,
                    { clusterName, namespace, serviceAccount, roleArn: arn },
                    { parent: this, dependsOn: [...resources] },
                ),
        );
        this.arn = arn;
        this.resources = [...resources, ...associations];
        this.registerOutputs({});
    }
}
