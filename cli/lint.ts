/* eslint-disable @typescript-eslint/no-require-imports -- what only some runs need is loaded when it is */
import { readFileSync, writeFileSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { Command, Option } from "commander";
import { readTexts } from "../policy/manifests/files";
import { lint, type LintResult } from "../policy/manifests/lint";
import { toSarif } from "../policy/manifests/sarif";
import { toJsonLine, toText } from "../policy/manifests/text";
import { chapters, defaultRules, rules as allRules } from "../policy/rules";
import { levelIn, type Rule } from "../policy/rules/rule";
import { dayOf, ENVIRONMENTS, type Environment, type Exemption } from "../policy/settings";
import { UserError } from "../tools/errors";
import { run } from "./processes";
import { projectDirectory } from "./project";

const CHAPTERS = ["mesh", "kubernetes", "all"] as const;

interface LintOptions {
    readonly json?: true;
    readonly sarif?: string;
    readonly environment?: Environment;
    readonly chapter?: (typeof CHAPTERS)[number];
    readonly rules?: string;
    readonly exemptions?: string;
    readonly listRules?: true;
}

/** `npm run lint -- DIR`: the rules over plain manifests. Without any argument: eslint over the project's own code. */
export function lintCommand(): Command {
    return new Command("lint")
        .argument("[paths...]", "files or folders with manifests; - is standard input")
        .option("--json", "one JSON object a line for each finding")
        .option("--sarif <file>", "write the findings as SARIF 2.1.0 too")
        .addOption(
            new Option(
                "--environment <name>",
                "judge as in this environment, hardening rules included (default: prod, mesh rules only)",
            ).choices(ENVIRONMENTS),
        )
        .addOption(
            new Option("--chapter <name>", "which rules: whether the mesh works, hardening, or both").choices(CHAPTERS),
        )
        .option("--rules <ids>", "only these rules, separated by commas")
        .option("--exemptions <file>", "YAML list of what to overlook, as in policy.exemptions of a stack")
        .option("--list-rules", "list the rules that would be applied")
        .action(async (paths: string[], options: LintOptions) => {
            const rules = chosenRules(options);
            if (options.listRules) console.log(listOf(rules, options.environment ?? "prod"));
            else if (paths.length > 0) process.exitCode = lintPaths(paths, rules, options);
            else if (Object.keys(options).length > 0) throw new UserError("Name files or folders, or - for input.", 2);
            else process.exitCode = await run("npm", ["run", "--silent", "lint:code"], { cwd: projectDirectory });
        });
}

/** Lints and prints. Returns the exit code: 0 nothing mandatory, 1 mandatory findings, 2 something could not be read. */
function lintPaths(paths: readonly string[], rules: readonly Rule[], options: LintOptions): number {
    const result = lint(texts(paths), rules, {
        environment: options.environment ?? "prod",
        exemptions: options.exemptions ? readExemptions(options.exemptions) : [],
        today: dayOf(new Date()),
    });
    if (options.sarif) writeFileSync(fromCaller(options.sarif), `${JSON.stringify(toSarif(result, rules), null, 2)}\n`);
    print(result, options.json);
    if (result.problems.length > 0) return 2;
    if (result.objects === 0) throw new UserError(`No Kubernetes object in ${paths.join(", ")}.`, 2);
    return result.findings.some(({ enforcement }) => enforcement === "mandatory") ? 1 : 0;
}

function print(result: LintResult, json: true | undefined): void {
    if (!json) return console.log(toText(result));
    for (const finding of result.findings) console.log(toJsonLine(finding));
    for (const { file, line, column, message } of result.problems)
        console.error(`${file}:${line}:${column}: cannot be read: ${message}`);
}

function texts(paths: readonly string[]): ReturnType<typeof readTexts> {
    try {
        return readTexts(paths.map((path) => (path === "-" ? path : fromCaller(path))));
    } catch (error) {
        throw new UserError(`Cannot read the manifests: ${(error as Error).message}`, 2);
    }
}

/** npm starts commands in the project's folder; paths mean the folder that npm was called in. */
function fromCaller(path: string): string {
    const caller = process.env["INIT_CWD"];
    if (isAbsolute(path) || !caller || caller === process.cwd()) return path;
    return relative(process.cwd(), join(caller, path)) || ".";
}

/** The rules that the options ask for. Whoever names an environment wants its hardening, too. */
function chosenRules({ rules: ids, chapter, environment }: LintOptions): readonly Rule[] {
    if (ids) {
        return ids.split(",").map((id) => {
            const rule = allRules.find((candidate) => candidate.id === id.trim());
            if (!rule)
                throw new UserError(`There is no rule "${id.trim()}": --list-rules --chapter all lists them.`, 2);
            return rule;
        });
    }
    const wanted = chapter ?? (environment ? "all" : "mesh");
    if (wanted === "mesh") return defaultRules;
    if (wanted === "all") return allRules.filter((rule) => !chapters[2]?.rules.includes(rule));
    return chapters[1]?.rules ?? [];
}

function listOf(rules: readonly Rule[], environment: Environment): string {
    return rules
        .map(
            (rule) =>
                `${rule.id.padEnd(32)} ${rule.severity.padEnd(9)} ${levelIn(rule, environment).padEnd(10)} ${rule.title}`,
        )
        .join("\n");
}

function readExemptions(file: string): Exemption[] {
    const { parse } = require("yaml") as typeof import("yaml");
    const { policy } = require("../components/config/policy") as typeof import("../components/config/policy");
    const read = policy.safeParse({ exemptions: parse(readFileSync(fromCaller(file), "utf8")) as unknown });
    if (read.success) return read.data.exemptions;
    const problems = read.error.issues.map(({ path, message }) => `${file}: ${path.slice(1).join(".")}: ${message}`);
    throw new UserError(problems.join("\n"), 2);
}
