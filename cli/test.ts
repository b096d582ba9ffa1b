import { Command } from "commander";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./processes";
import { projectDirectory } from "./project";

/** A group of test files that one mocha process runs. */
interface Group {
    name: string;
    files: string;
    /** Time allowed to one test, in milliseconds. */
    timeout: number;
    /** Test files that run at the same time. */
    jobs: number;
    /** Files that belong to another group. */
    without?: string;
}

const unit: Group = { name: "unit", files: "tests/{unit,policy,corpus}/**/*.test.ts", timeout: 20_000, jobs: 2 };
/** Tests that change a running platform step by step. */
const stepwise = "tests/e2e/{upgrade,review}.test.ts";
const endToEnd: Group = {
    name: "end-to-end",
    files: "tests/e2e/**/*.test.ts",
    timeout: 3_600_000,
    jobs: 1,
    without: stepwise,
};
const changes: Group = { name: "changes", files: stepwise, timeout: 3_600_000, jobs: 1 };
const kind: Group = { ...endToEnd, name: "kind", files: "tests/e2e/kind.test.ts" };

/** Counts of one mocha run, as tests/reporter.cjs writes them. */
interface Counts {
    passed: number;
    failed: number;
    skipped: number;
}

/** `npm run test:unit`: needs only Node.js. */
export function unitTestCommand(): Command {
    return testCommandOf("test-unit", [unit]);
}

/** `npm run test:kind`: the end-to-end tests on a kind cluster; wants Docker or Podman, and kind. */
export function kindTestCommand(): Command {
    return testCommandOf("test-kind", [kind]);
}

/** `npm run test:changes`: an upgrade of Istio under load, and what a review measures; on clusters of their own. */
export function changesTestCommand(): Command {
    return testCommandOf("test-changes", [changes]);
}

/** `npm test`: unit tests, then end-to-end tests on clusters of their own: embedded ones, and kind where that is there. */
export function testCommand(): Command {
    return testCommandOf("test", [unit, endToEnd]);
}

function testCommandOf(name: string, groups: readonly Group[]): Command {
    return new Command(name)
        .option("--grep <pattern>", "only the tests whose title matches")
        .action(async (options: { grep?: string }) => {
            const total: Counts = { passed: 0, failed: 0, skipped: 0 };
            for (const group of groups) {
                console.log(`\n== ${group.name} tests (${group.files})`);
                const counts = await mocha(group, options.grep);
                for (const key of ["passed", "failed", "skipped"] as const) total[key] += counts[key];
                if (process.exitCode === 130) break;
            }
            const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
            console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
            if (total.failed > 0 || total.passed === 0) process.exitCode ||= 1;
        });
}

/** Runs one group. A mocha process that ends without counts is itself counted as a failure. */
async function mocha({ files, timeout, jobs, without }: Group, grep?: string): Promise<Counts> {
    const directory = mkdtempSync(join(tmpdir(), "istio-platform-test-"));
    const counts = join(directory, "counts.json");
    try {
        const args = [
            ...["--require", "tsx/cjs", "--reporter", "tests/reporter.cjs", "--reporter-option", `counts=${counts}`],
            ...(jobs > 1 ? ["--parallel", "--jobs", String(jobs)] : []),
            ...["--timeout", String(timeout), "--exit", ...(grep ? ["--grep", grep] : [])],
            ...(without ? ["--ignore", without] : []),
            files,
        ];
        const bin = join(projectDirectory, "node_modules", "mocha", "bin", "mocha.js");
        const code = await run(process.execPath, [bin, ...args], { cwd: projectDirectory });
        if (code === 130) process.exitCode = 130;
        const result = readCounts(counts);
        if (!result) return { passed: 0, failed: 1, skipped: 0 };
        return code !== 0 && result.failed === 0 ? { ...result, failed: 1 } : result;
    } finally {
        rmSync(directory, { recursive: true, force: true });
    }
}

function readCounts(file: string): Counts | undefined {
    try {
        return JSON.parse(readFileSync(file, "utf8")) as Counts;
    } catch {
        return undefined;
    }
}
