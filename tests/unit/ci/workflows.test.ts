import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

const directory = ".github/workflows";
const files = [...readdirSync(directory).map((name) => join(directory, name)), ".github/actions/setup/action.yml"];
const texts = files.map((file) => ({ file, text: readFileSync(file, "utf8") }));

interface Job {
    permissions?: Record<string, string>;
    concurrency?: { group: string };
    "timeout-minutes"?: number;
    steps: { run?: string; uses?: string; with?: Record<string, unknown> }[];
}
interface Workflow {
    permissions?: Record<string, string>;
    concurrency?: { group: string };
    jobs: Record<string, Job>;
}
const workflows = texts
    .filter(({ file }) => file.startsWith(directory))
    .map(({ file, text }) => ({ file, ...(parse(text) as Workflow) }));

describe("C18 workflows for GitHub Actions", () => {
    it("there is one for a pull request, a merge, a release and every night", () => {
        assert.deepEqual(readdirSync(directory).sort(), [
            "merge.yml",
            "nightly.yml",
            "pull-request.yml",
            "release.yml",
        ]);
    });

    it("every action is pinned by the digest of a commit, with its version beside it", () => {
        for (const { file, text } of texts)
            for (const [line] of text.matchAll(/^.*\buses: (?!\.\/).*$/gm))
                assert.match(line, /uses: [\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, `${file}: ${line}`);
    });

    it("one action has one digest everywhere", () => {
        const pins = texts.flatMap(({ text }) => [
            ...text.matchAll(/uses: ([\w-]+\/[\w-]+)[\w/-]*@([0-9a-f]{40} # v\S+)/g),
        ]);
        const byAction = new Map<string, Set<string>>();
        for (const [, action, pin] of pins) byAction.set(action!, (byAction.get(action!) ?? new Set()).add(pin!));
        for (const [action, digests] of byAction) assert.equal(digests.size, 1, action);
    });

    it("the token may read, and a job says what more it needs", () => {
        for (const { file, permissions, jobs } of workflows) {
            assert.deepEqual(permissions, { contents: "read" }, file);
            for (const [name, job] of Object.entries(jobs)) {
                const writing = Object.entries(job.permissions ?? {})
                    .filter(([, level]) => level === "write")
                    .map(([scope]) => scope);
                const allowed = file.endsWith("pull-request.yml")
                    ? ["pull-requests", "security-events", "id-token"]
                    : ["id-token"];
                assert.deepEqual(
                    writing.filter((scope) => !allowed.includes(scope)),
                    [],
                    `${file} ${name}`,
                );
            }
        }
    });

    it("AWS is reached by OIDC alone: no key is stored", () => {
        for (const { file, text } of texts)
            assert.doesNotMatch(text, /aws-(access-key-id|secret-access-key)|AWS_SECRET|secrets\./, file);
    });

    it("no two runs work on one stack at once, and every job ends", () => {
        for (const { file, jobs, concurrency } of workflows)
            for (const [name, job] of Object.entries(jobs)) {
                assert.ok(concurrency ?? job.concurrency, `${file} ${name}`);
                assert.ok((job["timeout-minutes"] ?? 0) > 0, `${file} ${name}`);
            }
    });

    it("their steps run commands that package.json has", () => {
        const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
        const used = texts.flatMap(({ text }) =>
            [...text.matchAll(/npm (?:run )?([\w:-]+)/g)].map(([, name]) => name!),
        );
        assert.ok(used.length > 8);
        for (const name of new Set(used)) assert.ok(name === "ci" || name in scripts, `npm run ${name}`);
    });

    it("what comes from a pull request never becomes a part of a command", () => {
        for (const { file, jobs } of workflows)
            for (const { run } of Object.values(jobs).flatMap(({ steps }) => steps))
                assert.doesNotMatch(run ?? "", /\$\{\{/, file);
    });

    it("a checkout leaves no token behind", () => {
        for (const { file, jobs } of workflows)
            for (const { uses, with: options } of Object.values(jobs).flatMap(({ steps }) => steps))
                if (uses?.startsWith("actions/checkout")) assert.equal(options?.["persist-credentials"], false, file);
    });
});
