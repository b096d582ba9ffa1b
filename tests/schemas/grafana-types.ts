import { join } from "node:path";
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import ts from "typescript";

/**
 * Dashboards against Grafana's own schema: the Foundation SDK's types are generated from it. The compiler looks at the JSON that is
 * deployed, panel by panel, so that nothing that a program computes escapes it. What the schema leaves to each kind of panel
 * (options, custom fields, queries) is compared with the types of that kind.
 */

const SDK = "@grafana/grafana-foundation-sdk";

/** A value of the JSON, and its type in the SDK. */
interface Judged {
    readonly where: string;
    readonly type: string;
    readonly value: unknown;
}

const file = join(__dirname, "generated-dashboards.ts");

/**
 * The types as JSON has them: an enumeration is its values, and what is no value, such as a method, is not there.
 */
const plain = `
type Any<T> = 0 extends 1 & T ? true : false;
type Plain<T> =
    Any<T> extends true ? T :
    T extends string ? (string extends T ? string : \`\${T}\`) :
    T extends number | boolean | null | undefined ? T :
    T extends readonly (infer E)[] ? Plain<E>[] :
    T extends object ? { [K in keyof T as T[K] extends (...args: never) => unknown ? never : K]: Plain<T[K]> } : T;
`;

/** What is wrong with some dashboards: one line a problem, beginning with the dashboard and the panel. */
export function dashboardProblems(dashboards: readonly Dashboard[]): string[] {
    const judged = dashboards.flatMap(judge);
    const kinds = [...new Set(judged.map(({ type }) => /\w+(?=\.)/.exec(type)![0]))];
    const head = [...kinds.map((kind) => `import type * as ${kind} from "${SDK}/${kind}";`), plain].join("\n");
    // One line a value: its number leads back to it.
    const lines = judged.map(
        ({ type, value }, index) => `export const v${index}: Plain<${type}> = ${JSON.stringify(value)};`,
    );
    const first = head.split("\n").length;
    return diagnose([head, ...lines].join("\n")).map(
        ({ line, text }) => `${judged[line - first]?.where ?? "types"}: ${text}`,
    );
}

function judge(dashboard: Dashboard): Judged[] {
    const where = dashboard.uid ?? dashboard.title ?? "";
    return [
        { where, type: "dashboard.Dashboard", value: { ...dashboard, panels: [] } },
        ...(dashboard.panels ?? []).flatMap((panel): Judged[] => {
            const at = `${where}/${panel.title}`;
            if (panel.type === "row") return [{ where: at, type: "dashboard.RowPanel", value: panel }];
            const {
                options,
                fieldConfig,
                targets = [],
                ...rest
            } = panel as unknown as Record<string, unknown> & {
                fieldConfig?: { defaults?: { custom?: unknown } };
                targets?: unknown[];
            };
            const kind = panel.type;
            const { custom, ...defaults } = fieldConfig?.defaults ?? {};
            const ownFields = custom === undefined ? [] : [{ where: at, type: `${kind}.FieldConfig`, value: custom }];
            return [
                { where: at, type: "dashboard.Panel", value: { ...rest, fieldConfig: { ...fieldConfig, defaults } } },
                { where: at, type: `Partial<${kind}.Options>`, value: options },
                ...ownFields,
                ...targets.map((value) => ({ where: at, type: "prometheus.Dataquery", value })),
            ];
        }),
    ];
}

function diagnose(text: string): { line: number; text: string }[] {
    const options: ts.CompilerOptions = {
        ...{ strict: true, noEmit: true, skipLibCheck: true, types: [] },
        ...{ module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
        target: ts.ScriptTarget.ES2022,
    };
    const host = ts.createCompilerHost(options);
    const { getSourceFile, fileExists } = host;
    host.fileExists = (path) => path === file || fileExists(path);
    host.getSourceFile = (path, ...rest) =>
        path === file ? ts.createSourceFile(path, text, rest[0]) : getSourceFile(path, ...rest);
    const program = ts.createProgram([file], options, host);
    const source = program.getSourceFile(file)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        ({ start = 0, messageText }) => ({
            line: source.getLineAndCharacterOfPosition(start).line,
            text: ts.flattenDiagnosticMessageText(messageText, "; "),
        }),
    );
}
