import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** A certificate of ACM. */
export interface CertificateArgs {
    /** Names that it is for, the first one its subject. */
    hosts: readonly [string, ...string[]];
    /** Hosted zone in which the names are proved to be ours. */
    zoneId: string;
}

/** A certificate that ACM renews by itself as long as the records that prove the names stay (P5). */
export class Certificate extends pulumi.ComponentResource {
    /** ARN, known once the certificate is issued. */
    readonly arn: pulumi.Output<string>;

    constructor(name: string, { hosts, zoneId }: CertificateArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-platform:aws:Certificate", name, {}, opts);
        const [domainName, ...subjectAlternativeNames] = hosts;
        const certificate = new aws.acm.Certificate(
            name,
            {
                domainName,
                subjectAlternativeNames,
                validationMethod: "DNS",
                keyAlgorithm: "EC_prime256v1",
                tags: { Name: domainName },
            },
            { parent: this, deleteBeforeReplace: false },
        );
        const records = hosts.map((host) => {
            const proof = certificate.domainValidationOptions.apply((options) =>
                options.find(({ domainName }) => domainName === host)!,
            );
            return new aws.route53.Record(
                `${name}-${host}`,
                {
                    zoneId,
                    name: proof.resourceRecordName,
                    type: proof.resourceRecordType,
                    records: [proof.resourceRecordValue],
                    ttl: 300,
                    // A certificate that replaces another one for the same name is proved by the same record.
                    allowOverwrite: true,
                },
                { parent: this },
            );
        });
        const issued = new aws.acm.CertificateValidation(
            name,
            { certificateArn: certificate.arn, validationRecordFqdns: records.map(({ fqdn }) => fqdn) },
            { parent: this },
        );
        this.arn = issued.certificateArn;
        this.registerOutputs({});
    }
}
