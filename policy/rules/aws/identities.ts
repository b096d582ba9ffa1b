import { type AwsType, type CloudResource, resourcesOf } from "../../model/cloud";
import type { Field } from "../../model/field";
import type { Mesh } from "../../model/mesh";
import { UNKNOWN } from "../../model/unknown";
import { at, list, type Rule } from "../rule";
import { cisEks, eksGuide, fsbp } from "../standards";
import { type Statement, statementsOf } from "./policy-document";

/** Where policies of identities are written. */
const POLICIES: readonly AwsType[] = [
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/groupPolicy:GroupPolicy",
];

interface Permission extends Statement {
    readonly resource: CloudResource;
    readonly field: Field;
}

/** What identities are allowed. */
function permissions({ cloud }: Mesh): Permission[] {
    return POLICIES.flatMap((type) => resourcesOf(cloud, type)).flatMap((resource) => {
        const field = resource.root.get("policy");
        return allowed(field).map((statement) => ({ ...statement, resource, field }));
    });
}

/** Statements that allow something; none while they are not known. */
function allowed(policy: Field): Statement[] {
    const statements = statementsOf(policy);
    return statements === UNKNOWN ? [] : statements.filter(({ effect }) => effect === "Allow");
}

export const iamAdministrator: Rule = {
    id: "iam-administrator",
    title: "No identity may do everything",
    reason: "Whoever gets one of its credentials has the account.",
    fix: "List the actions that are needed.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["P1"],
    standards: [fsbp("IAM.1"), eksGuide("Identity and Access Management")],
    *check(mesh) {
        for (const { actions, resource, field } of permissions(mesh))
            if (actions.some((action) => action === "*" || action === "*:*"))
                yield at(resource, field, 'the policy allows "*": everything', "list the actions that are needed");
        for (const attachment of resourcesOf(mesh.cloud, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")) {
            const policy = attachment.input("policyArn");
            if (typeof policy.value === "string" && policy.value.endsWith(":policy/AdministratorAccess"))
                yield at(
                    attachment,
                    policy,
                    "the role may do everything",
                    "attach a policy with the actions that are needed",
                );
        }
    },
};

export const iamServiceWildcard: Rule = {
    id: "iam-service-wildcard",
    title: "Policies name actions, not whole services",
    reason: "With s3:* come deletion and the right to make things public, and whatever the service learns later.",
    fix: "List the actions that are needed.",
    severity: "high",
    enforcement: "mandatory",
    sources: ["P1"],
    standards: [fsbp("IAM.21")],
    *check(mesh) {
        for (const { actions, resource, field } of permissions(mesh)) {
            const wide = actions.filter((action) => /^[^*:]+:\*$/.test(action));
            if (wide.length > 0)
                yield at(resource, field, `the policy allows ${list(wide)}`, "list the actions that are needed");
        }
    },
};

/** Actions that make somebody else's rights one's own. */
const ESCALATING = new Set([
    "iam:passrole",
    "iam:createpolicyversion",
    "iam:attachrolepolicy",
    "iam:putrolepolicy",
    "sts:assumerole",
]);

export const iamEscalation: Rule = {
    id: "iam-escalation",
    title: "The right to pass on or change rights holds for named roles",
    reason: "With iam:PassRole on every role an identity takes the strongest role of the account.",
    fix: "Name the roles in Resource.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["P1"],
    standards: [eksGuide("Identity and Access Management"), cisEks("5.2.1")],
    *check(mesh) {
        for (const { actions, resources, resource, field } of permissions(mesh)) {
            const escalating = actions.filter((action) => ESCALATING.has(action.toLowerCase()));
            if (escalating.length > 0 && resources.includes("*"))
                yield at(resource, field, `the policy allows ${list(escalating)} with every role`, "name the roles");
        }
    },
};

export const iamTrust: Rule = {
    id: "iam-trust",
    title: "No role can be taken by everybody",
    reason: 'The principal "*" is every account of AWS.',
    fix: "Name the service, account or role that may take it.",
    severity: "critical",
    enforcement: "mandatory",
    sources: ["P1"],
    standards: [eksGuide("Identity and Access Management")],
    *check(mesh) {
        for (const role of resourcesOf(mesh.cloud, "aws:iam/role:Role")) {
            const policy = role.input("assumeRolePolicy");
            if (
                allowed(policy).some(({ principals, condition }) => principals.includes("*") && condition === undefined)
            )
                yield at(role, policy, "every account of AWS may take the role", "name who may take it");
        }
    },
};

export const keyTrust: Rule = {
    id: "kms-public",
    title: "No key can be used by everybody",
    reason: "Whoever may use the key reads all that it encrypts.",
    fix: "Name the accounts, roles or services that may use it.",
    severity: "critical",
    enforcement: "mandatory",
    standards: [fsbp("KMS.5")],
    *check(mesh) {
        for (const key of resourcesOf(mesh.cloud, "aws:kms/key:Key")) {
            const policy = key.input("policy");
            if (
                allowed(policy).some(({ principals, condition }) => principals.includes("*") && condition === undefined)
            )
                yield at(key, policy, "every account of AWS may use the key", "name who may use it");
        }
    },
};
