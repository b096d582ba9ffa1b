/** The published standards that rules come from, and their controls by the standards' own names. */

export interface Standard {
    readonly title: string;
    readonly url: string;
}

/** Each standard in the version whose numbers the rules use. */
export const STANDARDS = {
    "CIS EKS": {
        title: "CIS Amazon Elastic Kubernetes Service Benchmark 1.5.0",
        url: "https://www.cisecurity.org/benchmark/amazon_web_services",
    },
    PSS: {
        title: 'Kubernetes Pod Security Standards ("baseline" and "restricted")',
        url: "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
    },
    "NSA/CISA": {
        title: "NSA and CISA, Kubernetes Hardening Guidance 1.2, by its headings",
        url: "https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF",
    },
    "AWS FSBP": {
        title: "AWS Foundational Security Best Practices",
        url: "https://docs.aws.amazon.com/securityhub/latest/userguide/fsbp-standard.html",
    },
    "AWS Security Hub": {
        title: "AWS Security Hub controls outside of FSBP",
        url: "https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-controls-reference.html",
    },
    "AWS Well-Architected": {
        title: "AWS Well-Architected Framework, Security Pillar",
        url: "https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/welcome.html",
    },
    "EKS best practices": {
        title: "Amazon EKS Best Practices Guide, by its chapters",
        url: "https://docs.aws.amazon.com/eks/latest/best-practices/introduction.html",
    },
    Kubernetes: {
        title: "Kubernetes documentation, by its pages",
        url: "https://kubernetes.io/docs/concepts/",
    },
    Istio: {
        title: "Istio security best practices, by their headings",
        url: "https://istio.io/latest/docs/ops/best-practices/security/",
    },
} as const satisfies Readonly<Record<string, Standard>>;

/** A control of a standard. */
export interface Control {
    readonly standard: keyof typeof STANDARDS;
    /** Number or name that the standard itself gives it. */
    readonly control: string;
}

const controlsOf =
    <Name extends string = string>(standard: Control["standard"]) =>
    (control: Name): Control => ({ standard, control });

export const cisEks = controlsOf<`${2 | 3 | 4 | 5}.${number}.${number}`>("CIS EKS");
export const podSecurity = controlsOf("PSS");
export const nsaCisa = controlsOf("NSA/CISA");
export const fsbp = controlsOf<`${string}.${number}`>("AWS FSBP");
export const securityHub = controlsOf<`${string}.${number}`>("AWS Security Hub");
export const wellArchitected = controlsOf<`SEC${string}-BP${string}`>("AWS Well-Architected");
export const eksGuide = controlsOf("EKS best practices");
export const kubernetesDocs = controlsOf("Kubernetes");
export const istioSecurity = controlsOf("Istio");

/** A control in a line: `CIS EKS 4.2.5`. */
export function showControl({ standard, control }: Control): string {
    return `${standard} ${control}`;
}
