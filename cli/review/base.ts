import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../../tools/errors";
import { localDirectory, projectDirectory } from "../project";
import type { Revision } from "./report";

/** A commit of the project in a folder of its own. */
export interface BaseTree {
    readonly directory: string;
    /** The whole hash of the commit. */
    readonly commit: string;
    readonly revision: Revision;
    /** Files that differ between the base and the working tree. */
    readonly changedFiles: readonly string[];
    remove(): Promise<void>;
}

/** Runs git in the project's folder; its standard output. */
export async function git(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)("git", args, { cwd: projectDirectory, maxBuffer: 64 * 2 ** 20 });
    return stdout.trim();
}

/**
 * Lays out the commit from which the work in this folder went away from `name`: what has come to `name` since is none of its changes.
 * @throws UserError when there is no such commit in this clone.
 */
export async function layOutBase(name: string): Promise<BaseTree> {
    const commit = await mergeBase(name);
    const short = commit.slice(0, 10);
    const directory = join(localDirectory, "review", `base-${short}`);
    await removeTree(directory);
    mkdirSync(join(localDirectory, "review"), { recursive: true });
    await git("worktree", "add", "--detach", "--force", directory, commit);
    try {
        await givePackages(directory);
    } catch (error) {
        await removeTree(directory);
        throw error;
    }
    const changed = await git("diff", "--name-only", commit);
    const untracked = await git("ls-files", "--others", "--exclude-standard");
    return {
        directory,
        commit,
        revision: { name, commit: short },
        changedFiles: [...changed.split("\n"), ...untracked.split("\n")].filter(Boolean),
        remove: () => removeTree(directory),
    };
}

async function mergeBase(name: string): Promise<string> {
    const candidates = [name, `origin/${name}`];
    for (const candidate of candidates) {
        try {
            return await git("merge-base", candidate, "HEAD");
        } catch {
            // The next one.
        }
    }
    throw new UserError(
        `--base ${name}: this clone has no such branch or commit with a common ancestor. ` +
            `Fetch it whole (git fetch --unshallow origin ${name}; in GitHub Actions: fetch-depth: 0).`,
        2,
    );
}

/** The base's own packages where it wants others, else those of this folder. */
export async function givePackages(directory: string): Promise<void> {
    const lock = (folder: string) => readFileSync(join(folder, "package-lock.json"), "utf8");
    if (lock(directory) === lock(projectDirectory))
        return symlinkSync(join(projectDirectory, "node_modules"), join(directory, "node_modules"));
    await promisify(execFile)("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: directory });
}

/** Removes a worktree that lies in this copy's own folder. */
export async function removeTree(directory: string): Promise<void> {
    if (existsSync(directory)) {
        rmSync(join(directory, "node_modules"), { recursive: true, force: true });
        rmSync(directory, { recursive: true, force: true });
    }
    await git("worktree", "prune");
}

/** The working tree as it is. */
export async function workingTree(): Promise<Revision> {
    const commit = (await git("rev-parse", "HEAD")).slice(0, 10);
    const name = await git("rev-parse", "--abbrev-ref", "HEAD");
    const dirty = (await git("status", "--porcelain")) !== "";
    return { name: name === "HEAD" ? "change" : name, commit: dirty ? `${commit} with uncommitted changes` : commit };
}

/** The files of this folder as they are, committed or not, as a commit that no branch knows. */
export async function snapshotCommit(): Promise<string> {
    const index = join(localDirectory, "review", "index");
    mkdirSync(join(localDirectory, "review"), { recursive: true });
    rmSync(index, { force: true });
    const run = async (...args: string[]) => {
        const options = { cwd: projectDirectory, env: { ...process.env, ...AUTHOR, GIT_INDEX_FILE: index } };
        return (await promisify(execFile)("git", args, options)).stdout.trim();
    };
    try {
        await run("read-tree", "HEAD");
        await run("add", "--all");
        return await run("commit-tree", await run("write-tree"), "-p", "HEAD", "-m", "review");
    } finally {
        rmSync(index, { force: true });
    }
}

const AUTHOR = {
    GIT_AUTHOR_NAME: "review",
    GIT_AUTHOR_EMAIL: "review@localhost",
    GIT_COMMITTER_NAME: "review",
    GIT_COMMITTER_EMAIL: "review@localhost",
};
