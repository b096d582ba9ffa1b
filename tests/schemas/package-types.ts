import { join } from "node:path";
import ts from "typescript";
import type { RegisteredResource } from "../support/program";

/**
 * Inputs of cloud resources against what Pulumi's packages say of them: their types are generated from the providers' own
 * schemas. The compiler looks at the values that were registered, so that nothing that a program computes escapes it.
 */

const packages: Readonly<Record<string, string>> = { aws: "@pulumi/aws", eks: "@pulumi/eks" };

/** Inputs that are resources themselves, of which a run under mocks keeps the name alone. */
const RESOURCES = ["clusterSecurityGroup", "serviceRole"];

const file = join(__dirname, "registered-inputs.ts");

/** What is wrong with the inputs of the resources of these packages: one line a problem, beginning with the resource. */
export function inputProblems(resources: readonly RegisteredResource[]): string[] {
    const judged = resources.filter(({ type }) => type.split(":")[0]! in packages);
    const lines = [
        ...Object.entries(packages).map(([name, from]) => `import * as ${name} from "${from}";`),
        // One line a resource: its number leads back to it.
        ...judged.map(({ type, inputs }, index) => `export const r${index}: ${argsType(type)} = ${literal(inputs)};`),
    ];
    const options: ts.CompilerOptions = {
        ...{ strict: true, noEmit: true, skipLibCheck: true, types: [] },
        ...{ module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10 },
        target: ts.ScriptTarget.ES2022,
    };
    const host = ts.createCompilerHost(options);
    const { getSourceFile, fileExists } = host;
    host.fileExists = (path) => path === file || fileExists(path);
    host.getSourceFile = (path, ...rest) =>
        path === file ? ts.createSourceFile(path, lines.join("\n"), rest[0]) : getSourceFile(path, ...rest);
    const program = ts.createProgram([file], options, host);
    const source = program.getSourceFile(file)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        ({ start = 0, messageText }) => {
            const { line } = source.getLineAndCharacterOfPosition(start);
            const { type, name } = judged[line - Object.keys(packages).length] ?? { type: "imports", name: "" };
            return `${type} ${name}: ${ts.flattenDiagnosticMessageText(messageText, "; ")}`;
        },
    );
}

/** `aws.ec2.VpcArgs` of `aws:ec2/vpc:Vpc`, `eks.ClusterArgs` of `eks:index:Cluster`. */
function argsType(token: string): string {
    const [name, module = "", type] = token.split(":");
    const namespace = module.split("/")[0]!;
    return [name, ...(namespace === "index" ? [] : [namespace]), `${type}Args`].join(".");
}

/** Key by which mocks mark a value that is not known before a deployment. */
const UNKNOWN = "__pulumiUnknown";

/** A value as TypeScript; what is not known fits every type. */
function literal(value: unknown): string {
    if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
    if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
    if (UNKNOWN in value) return "undefined!";
    const entries = Object.entries(value).map(
        ([key, one]) => `${JSON.stringify(key)}: ${RESOURCES.includes(key) ? "undefined" : literal(one)}`,
    );
    return `{ ${entries.join(", ")} }`;
}
