/** What an installation decides about the rules: which environment it is, and what they overlook. */

/** Where a rule is applied: a developer's machine, a shared trial, the customers' environment. */
export const ENVIRONMENTS = ["local", "dev", "prod"] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

/** What a rule overlooks, for how long, and why. */
export interface Exemption {
    /** Id of the rule. */
    readonly rule: string;
    /** Objects, as the rule names them: `Deployment/istio-system/istiod`; `*` stands for any characters. */
    readonly resource: string;
    /** Why it is right to overlook them. */
    readonly reason: string;
    /** Last day on which it holds, `2027-03-31`. */
    readonly expires: string;
}

export interface Settings {
    readonly environment: Environment;
    readonly exemptions: readonly Exemption[];
    /** The day to judge exemptions by, `2026-12-31`. */
    readonly today: string;
}

/** What holds where nobody decides anything: the strictest environment, and nothing is overlooked. */
export function strictSettings(today = dayOf(new Date())): Settings {
    return { environment: "prod", exemptions: [], today };
}

/** The day of a moment, in UTC: `2026-12-31`. */
export function dayOf(moment: Date): string {
    return moment.toISOString().slice(0, 10);
}

/** Whether an exemption no longer holds. */
export function isExpired({ expires }: Exemption, { today }: Settings): boolean {
    return expires < today;
}

/** What tells whether a rule overlooks an object. */
export function overlooked(rule: string, settings: Settings): (object: string) => boolean {
    const patterns = settings.exemptions
        .filter((exemption) => exemption.rule === rule && !isExpired(exemption, settings))
        .map(({ resource }) => new RegExp(`^${resource.split("*").map(escape).join(".*")}$`));
    return (object) => patterns.some((pattern) => pattern.test(object));
}

function escape(text: string): string {
    return text.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&");
}
