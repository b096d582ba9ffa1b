import { type Exemption, type Settings, strictSettings } from "../settings";
import type { PlainResource } from "./resources";

/** The component by which a program says what environment it is and what the rules overlook. */
export const SETTINGS_TYPE = "istio-platform:policy:Settings";

/** The settings of the stack, which the program has validated; those of a stack without any are the strictest. */
export function toSettings(resources: readonly PlainResource[], today: string): Settings {
    const declared = resources.find(({ type }) => type === SETTINGS_TYPE)?.properties as Partial<Settings> | undefined;
    const strict = strictSettings(today);
    return {
        environment: declared?.environment ?? strict.environment,
        exemptions: (declared?.exemptions as readonly Exemption[] | undefined) ?? strict.exemptions,
        today,
    };
}
