import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { TlsConfig } from "../config/security";
import { ISTIO_NAMESPACE } from "../mesh";
import { SelfSignedCertificate } from "./self-signed-certificate";

/** The certificate of an HTTPS entrance. */
export interface GatewayCertificateArgs {
    /** The stack's configuration of the entrance. */
    config: TlsConfig;
    /** Hosts of the entrance; the certificate is for those that are names. */
    hosts: readonly string[];
    /** The namespace of the ingress gateway: the only one whose Secrets it reads. */
    namespace: k8s.core.v1.Namespace;
}

/** The Secret that the ingress gateway serves TLS with (P5). Nothing is made where it exists already. */
export class GatewayCertificate extends pulumi.ComponentResource {
    /** Everything that was deployed. */
    readonly resources: readonly pulumi.CustomResource[];
    /** The certificate in PEM; undefined where somebody else makes it. */
    readonly certificate: pulumi.Output<string | undefined>;

    constructor(name: string, args: GatewayCertificateArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:security:GatewayCertificate", name, {}, opts);
        const { secretName, certificate: wanted } = args.config;
        if (wanted.source === "existing") {
            this.resources = [];
            this.certificate = pulumi.output(undefined);
        } else {
            const { validDays, renewBeforeDays } = wanted;
            const dnsNames = certificateHosts(args.hosts);
            const made = new SelfSignedCertificate(name, { dnsNames, validDays, renewBeforeDays }, { parent: this });
            const secret = new k8s.core.v1.Secret(
                secretName,
                {
                    metadata: { name: secretName, namespace: ISTIO_NAMESPACE },
                    type: "kubernetes.io/tls",
                    data: {
                        "tls.crt": made.certificate.apply(base64),
                        "tls.key": pulumi.secret(made.privateKey.apply(base64)),
                    },
                },
                { parent: this, dependsOn: [args.namespace] },
            );
            this.resources = [made, secret];
            this.certificate = made.certificate;
        }
        this.registerOutputs({ certificate: this.certificate });
    }
}

/** The hosts that a certificate can be for: all but `*`. */
export function certificateHosts(hosts: readonly string[]): string[] {
    return hosts.filter((host) => host !== "*");
}

const base64 = (text: string | undefined): string => Buffer.from(text ?? "").toString("base64");
