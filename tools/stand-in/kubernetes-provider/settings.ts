import { z } from "zod";
import { JsonObject, UNKNOWN } from "../common/values";
import { ClusterSelection } from "./api/kubeconfig";

/** The provider's options, as far as this provider knows them; the names are those of the official provider. */
export interface Settings extends ClusterSelection {
    /** Namespace for objects that name none. Default: the context's, else "default". */
    namespace?: string;
    /** Forget, rather than fail to delete, objects of a cluster that does not answer. Default: false. */
    deleteUnreachable: boolean;
    /** Wait for no object. Default: false. */
    skipAwait: boolean;
    /** True when the options depend on something that is not known before the update. */
    unknown: boolean;
}

const text = z.string().min(1).optional();
/** Options travel as JSON: `true` may arrive as a text. */
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((value) => value === "true")]).default(false);

const SCHEMA = z.object({
    kubeconfig: z
        .union([z.string(), z.record(z.string(), z.unknown()).transform((content) => JSON.stringify(content))])
        .optional(),
    context: text,
    cluster: text,
    namespace: text,
    deleteUnreachable: flag,
    skipAwait: flag,
});

/** Options of the official provider that would silently change the result if they were ignored. */
const NOT_OFFERED = ["renderYamlToDirectory", "strictMode", "alwaysRender"];

/**
 * Reads the provider's options.
 * @throws Error that names every wrong option.
 */
export function parseSettings(options: JsonObject, environment: NodeJS.ProcessEnv = process.env): Settings {
    const known = Object.fromEntries(
        Object.entries(options).filter(([, value]) => value !== UNKNOWN && value !== null),
    );
    const problems = NOT_OFFERED.filter(
        (name) => known[name] !== undefined && known[name] !== false && known[name] !== "false",
    ).map((name) => `${name}: not offered by the stand-in kubernetes provider; use the official one`);
    if (known["enableServerSideApply"] === false || known["enableServerSideApply"] === "false")
        problems.push("enableServerSideApply: the stand-in kubernetes provider always uses server-side apply");
    const parsed = SCHEMA.safeParse(known);
    if (!parsed.success)
        problems.push(...parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`));
    if (problems.length > 0 || !parsed.success) throw new Error(`provider options: ${problems.join("; ")}`);
    return {
        ...parsed.data,
        deleteUnreachable: parsed.data.deleteUnreachable || environment["PULUMI_K8S_DELETE_UNREACHABLE"] === "true",
        unknown: Object.values(options).includes(UNKNOWN),
    };
}
