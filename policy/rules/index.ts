import type { Mesh } from "../model/mesh";
import type { Settings } from "../settings";
import { awsRules } from "./aws";
import { expiredExemption } from "./expired-exemption";
import { kubernetesRules } from "./kubernetes";
import { meshRules } from "./mesh";
import { check, type Rule, type Violation } from "./rule";

/** A part of the rules, with the heading of its chapter. */
export interface Chapter {
    readonly title: string;
    readonly rules: readonly Rule[];
}

export const chapters: readonly Chapter[] = [
    { title: "The mesh works", rules: meshRules },
    { title: "Kubernetes and Istio are hardened", rules: kubernetesRules },
    { title: "AWS is hardened", rules: awsRules },
    { title: "Exemptions", rules: [expiredExemption] },
];

/** What holds for every mesh, hardened or not: whether it works. */
export const defaultRules: readonly Rule[] = [...meshRules, expiredExemption];

/** Every rule. */
export const rules: readonly Rule[] = chapters.flatMap((chapter) => chapter.rules);

/** Applies every rule to a mesh. */
export function checkMesh(mesh: Mesh, applied: readonly Rule[] = rules, settings?: Settings): Violation[] {
    return applied.flatMap((rule) => check(rule, mesh, settings));
}
