import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { duration, milliseconds } from "../../components/config/units";
import { runAndExit } from "./exit";
import { suites, type SuiteName } from "./specs";
import { readTargetFile } from "./target/file";

/** The suite as a program: `node --require tsx/cjs tests/verification/main.ts --target FILE`. */

const program = new Command("verification")
    .description("Proves with real requests that a deployed mesh behaves as its configuration declares.")
    .requiredOption("--target <file>", "JSON file that describes the environment (stack, config, kubeconfig, gateway)")
    .addOption(
        new Option(
            "--suite <name>",
            "behaviour: what is declared; chaos: what happens when versions are switched and parts killed; load: what shows under load; alerts: every alert with a real cause; calm: ten minutes without one",
        )
            .choices(Object.keys(suites))
            .default("behaviour"),
    )
    .option("--grep <regex>", "only checks whose title matches, for example E5")
    .option(
        "--report <folder>",
        "folder for index.html, report.json, junit.xml and evidence (default: reports/<stack>)",
    )
    .option("--deadline <duration>", "time allowed to the whole suite", parseDuration, parseDuration("3m"))
    .option("--reporter <name>", "one of mocha's reporters (spec, dot, ...) instead of the suite's own lines")
    .addHelpText("after", "\nExit codes: 0 every check passed, 1 a check failed or none was made, 2 could not run.");
// A wrong option means that the suite could not run.
program.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

interface Options {
    target: string;
    suite: SuiteName;
    grep?: string;
    report?: string;
    deadline: number;
    reporter?: string;
}

program.action((options: Options) =>
    runAndExit(() => {
        const target = readTargetFile(options.target);
        const report = options.report ?? join("reports", target.stack);
        return { ...options, target, report, specs: suites[options.suite] };
    }),
);

void program.parseAsync();

/** Milliseconds in a duration as the configuration writes it. */
function parseDuration(text: string): number {
    const parsed = duration.safeParse(text);
    if (!parsed.success) throw new InvalidArgumentError(parsed.error.issues[0]!.message);
    return milliseconds(parsed.data);
}
