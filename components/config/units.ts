import { z } from "zod";

/**
 * Units of the configuration: text forms that Kubernetes and Istio use themselves, checked before they travel further.
 */

/** A duration as Istio writes it: a whole or decimal number with one unit, for example `500ms`, `30s`, `5m`, `1h`. */
export const duration = z
    .string()
    .regex(/^\d+(\.\d+)?(ms|s|m|h)$/, 'a number with a unit: "500ms", "30s", "5m" or "1h"')
    .regex(/[1-9]/, "longer than 0, which Istio takes for no limit at all")
    .meta({ title: "Duration", examples: ["10s"] });

/** A Kubernetes resource quantity, for example `50m`, `64Mi`, `1`. */
export const quantity = z
    .string()
    .regex(/^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/, 'a number with an optional unit: "50m", "64Mi", "1Gi"')
    .meta({ title: "Quantity", examples: ["64Mi"] });

/** A whole percentage, 0 to 100. */
export const percent = z.int().min(0, "at least 0 %").max(100, "at most 100 %");

/** A TCP port, 1 to 65535. */
export const port = z.int().min(1).max(65535);

/**
 * A port that an application container listens on: above 1023, since it does not run as root, and none of the sidecar's
 * own, which Envoy would answer instead of the application.
 */
export const containerPort = z
    .int()
    .min(1024, "at least 1024: the containers do not run as root")
    .max(65535)
    .refine((number) => number < 15000 || number > 15099, "outside 15000 to 15099, which belong to the sidecar");

/** A NodePort in Kubernetes' default range, 30000 to 32767. */
export const nodePort = z.int().min(30000, "30000 to 32767").max(32767, "30000 to 32767");

/** An RFC 1123 label: the form of a Namespace's or a Service's name. */
export const dnsLabel = z
    .string()
    .max(63)
    .regex(
        /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
        "lower-case letters, digits and -, beginning and ending with a letter or digit",
    );

/** A host of a Gateway or VirtualService: a DNS name, a name with a leading `*.`, or `*` alone. */
export const host = z
    .string()
    .regex(
        /^(\*|(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)$/,
        'a DNS name, "*.name" or "*"',
    );

/** A full DNS name without a pattern: at least two labels. */
export const dnsName = z
    .string()
    .regex(
        /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/,
        "a full DNS name, such as api.c4ang.com",
    );

/** A block of IPv4 addresses that begins where its prefix says: `10.20.0.0/16`, not `10.20.1.0/16`. */
export const cidrBlock = z
    .cidrv4('a block of IPv4 addresses such as "10.20.0.0/16"')
    .refine(beginsAtItsPrefix, "a block whose first address is that of its prefix, such as 10.20.0.0/16");

function beginsAtItsPrefix(block: string): boolean {
    const [address = "", prefix = ""] = block.split("/");
    const number = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
    return number % 2 ** (32 - Number(prefix)) === 0;
}

/** A path prefix, beginning with `/` and without a trailing one. */
export const pathPrefix = z
    .string()
    .regex(/^\/([^\s?#]*[^\s?#/])?$/, 'a path that begins with "/" and does not end with it');

/** Milliseconds in a duration that {@link duration} has accepted. */
export function milliseconds(text: string): number {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
    if (!match) throw new RangeError(`not a duration: ${text}`);
    const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match[2] as "ms" | "s" | "m" | "h"];
    return Number(match[1]) * unit;
}

/** The number that a quantity stands for, in cores or bytes. */
export function amount(text: string): number {
    const match = /^(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(text);
    if (!match) throw new RangeError(`not a quantity: ${text}`);
    const units = { m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };
    return Number(match[1]) * (match[2] ? units[match[2] as keyof typeof units] : 1);
}

/** A day, `2027-03-31`. */
export const day = z.iso.date('a day such as "2027-03-31"');
