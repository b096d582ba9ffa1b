/** The subnets of one availability zone, as blocks of addresses. */
export interface ZoneAddresses {
    /** Nodes and pods; an eighth of the VPC. */
    readonly pods: string;
    /** Load balancers and NAT gateways; a sixty-fourth. */
    readonly entrance: string;
    /** Data stores, which reach nothing outside; a sixty-fourth. */
    readonly data: string;
}

/** Zones that a plan has room for. */
const MOST_ZONES = 3;

/**
 * Shares the addresses of a VPC out: the first three eighths to the pods of the zones, the fourth eighth to what stands
 * before and behind them; the second half is left for what comes.
 *
 * @example addressPlan("10.20.0.0/16", 3)[0] // { pods: "10.20.0.0/19", entrance: "10.20.96.0/22", data: "10.20.108.0/22" }
 * @throws RangeError for more zones than there is room for.
 */
export function addressPlan(cidr: string, zones: number): ZoneAddresses[] {
    if (zones > MOST_ZONES) throw new RangeError(`${zones} zones: there is room for ${MOST_ZONES}`);
    const { first, prefix } = parse(cidr);
    const eighth = 2 ** (32 - prefix - 3);
    const small = eighth / 8;
    const shared = first + MOST_ZONES * eighth;
    return Array.from({ length: zones }, (_, zone) => ({
        pods: block(first + zone * eighth, prefix + 3),
        entrance: block(shared + zone * small, prefix + 6),
        data: block(shared + (MOST_ZONES + zone) * small, prefix + 6),
    }));
}

function parse(cidr: string): { first: number; prefix: number } {
    const [address = "", prefix = ""] = cidr.split("/");
    return { first: address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0), prefix: Number(prefix) };
}

function block(first: number, prefix: number): string {
    const bytes = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
    return `${bytes.join(".")}/${prefix}`;
}
