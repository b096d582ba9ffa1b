import { Command, InvalidArgumentError } from "commander";
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { cover } from "../tests/mutation/cover";
import { mutations } from "../tests/mutation/mutations";
import { runMutations, type RunOptions } from "../tests/mutation/runner";
import { resultsOfAllStacks, scorePage } from "../tests/mutation/score";
import { inSession } from "../tests/mutation/session";
import { runHealthy } from "../tests/mutation/stability";
import { readTargetFile } from "../tests/verification/target/file";
import { UserError } from "../tools/errors";
import { localDirectory, projectDirectory } from "./project";

interface MutateOptions {
    stack: string;
    target?: string;
    grep?: RegExp;
    list?: boolean;
    cover?: boolean;
    together?: number | true;
    healthy?: number | true;
    realTime?: boolean;
    docs?: boolean;
}

const reportsOfAllStacks = join(projectDirectory, "reports", "mutation");

/** Mutations that are made at the same time, unless a number is given. */
const AT_ONCE = 4;

/** Runs of the suite on the healthy mesh, unless a number is given. */
const HEALTHY_RUNS = 20;

/** `npm run mutate`: breaks the running mesh on purpose, and tells whether the suite notices exactly that. */
export function mutateCommand(): Command {
    return new Command("mutate")
        .option("--stack <name>", "environment whose running mesh is broken and mended", "local")
        .option("--target <file>", "target file of the mesh (default: the one that the stack's deployment wrote)")
        .option("--grep <pattern>", "only the mutations whose name matches this regular expression", pattern)
        .option("--cover", "only the common mistakes, and as few more as turn every check red: half of the time")
        .option(
            "--together [number]",
            `make several at the same time, default ${AT_ONCE}, where no check is expected of two of them: a third of the time`,
            count,
        )
        .option("--list", "show the mutations and end")
        .option(
            "--healthy [runs]",
            `break nothing: run the suite again and again, default ${HEALTHY_RUNS} times`,
            count,
        )
        .option(
            "--real-time",
            "keep the declared ejection time and time-outs (default: about 10 s each, declared and in force)",
        )
        .option("--docs", "write docs/mutations.md afterwards: the last result of each mutation as a table")
        .addHelpText(
            "after",
            `
The mesh must be deployed and healthy (npm start). Every change is undone, also after a failure or Ctrl-C; what a killed
run left is undone by the next one. Do not use it on an environment that serves anybody.

Exit codes: 0 exactly the expected checks went red each time, 1 they did not, 2 it could not run, 130 interrupted.`,
        )
        .action(async (options: MutateOptions) => {
            const selected = mutations.filter(({ name }) => !options.grep || options.grep.test(name));
            if (selected.length === 0)
                throw new UserError(`--grep ${options.grep?.source}: no mutation has such a name`, 2);
            if (options.list) return list(selected);
            await mutate(options, selected);
        });
}

function list(selected: typeof mutations): void {
    for (const { name, ids, description } of selected)
        console.log(`${name}  [${ids.join(" ") || "equivalent"}]\n    ${description}`);
}

async function mutate(options: MutateOptions, selected: typeof mutations): Promise<void> {
    const targetFile = options.target ?? join(localDirectory, "verification", `${options.stack}.json`);
    const interrupt = new AbortController();
    const stop = () => {
        if (!interrupt.signal.aborted) console.error("interrupted: the mesh is being mended");
        interrupt.abort(new Error("interrupted"));
    };
    process.on("SIGINT", stop).on("SIGTERM", stop);
    const reportDirectory = join(reportsOfAllStacks, options.stack);
    const print = (line: string) => console.log(line);
    const runs = options.healthy === true ? HEALTHY_RUNS : options.healthy;
    const { signal } = interrupt;
    try {
        const target = readTargetFile(targetFile);
        const mutations = options.cover ? cover(selected, target.config) : selected;
        const { deadline } = target.config.verification;
        const directory = join(localDirectory, "mutation");
        const realTime = options.realTime === true || runs !== undefined;
        const right = await inSession({ target, directory, realTime, signal, print }, (session) => {
            const atOnce = options.together === true ? AT_ONCE : (options.together ?? 1);
            const run: RunOptions = { ...session, reportDirectory, deadline, signal, print, mutations, atOnce };
            return runs === undefined ? runMutations(run) : runHealthy(runs, run);
        });
        if (options.docs && runs === undefined) writeScore();
        if (right) return;
        console.error(`Reports of the suite's runs: ${relative(process.cwd(), reportDirectory)}`);
        process.exitCode = 1;
    } catch (error) {
        throw new UserError((error as Error).message, signal.aborted ? 130 : 2);
    } finally {
        process.off("SIGINT", stop).off("SIGTERM", stop);
    }
}

function writeScore(): void {
    const page = join(projectDirectory, "docs", "mutations.md");
    writeFileSync(page, scorePage(mutations, resultsOfAllStacks(reportsOfAllStacks)));
    console.log(`score: ${relative(process.cwd(), page)}`);
}

function pattern(text: string): RegExp {
    try {
        return new RegExp(text);
    } catch (error) {
        throw new InvalidArgumentError((error as Error).message);
    }
}

function count(text: string): number {
    const runs = Number(text);
    if (!Number.isInteger(runs) || runs < 1) throw new InvalidArgumentError("a whole number above 0");
    return runs;
}
