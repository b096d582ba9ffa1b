import { readFileSync } from "node:fs";
import { Command } from "commander";
import { z } from "zod";
import { UserError } from "../tools/errors";

/** Where a comment goes: what GitHub Actions tells every step. */
export interface CommentTarget {
    /** Address of the API, `https://api.github.com`. */
    readonly api: string;
    /** `owner/name`. */
    readonly repository: string;
    readonly pullRequest: number;
    readonly token: string;
}

const comments = z.array(z.looseObject({ id: z.number(), body: z.string().nullish() }));

/** Comments asked for at once: GitHub's largest page. */
const PAGE = 100;

/** `npm run ci:comment`: writes a review into its pull request, over the one that is there. */
export function commentCommand(): Command {
    return new Command("comment")
        .requiredOption("--file <file>", "Markdown whose first line tells it from other comments")
        .addHelpText(
            "after",
            "\nFrom the environment: GITHUB_TOKEN, GITHUB_REPOSITORY, PULL_REQUEST (its number), GITHUB_API_URL (default: github.com's).",
        )
        .action(async ({ file }: { file: string }) => {
            const { GITHUB_TOKEN: token, GITHUB_REPOSITORY: repository, PULL_REQUEST: number } = process.env;
            if (!token || !repository || !/^\d+$/.test(number ?? ""))
                throw new UserError("GITHUB_TOKEN, GITHUB_REPOSITORY and PULL_REQUEST (a number) must be set.", 2);
            const api = process.env["GITHUB_API_URL"] ?? "https://api.github.com";
            const done = await comment(
                { api, repository, pullRequest: Number(number), token },
                readFileSync(file, "utf8"),
            );
            console.log(`The comment of pull request ${number} was ${done}.`);
        });
}

/** Writes a comment that begins with a marker, or changes the one that begins with the same. */
export async function comment(target: CommentTarget, body: string): Promise<"written" | "updated"> {
    const marker = body.split("\n", 1)[0]!;
    if (!/^<!-- .+ -->$/.test(marker))
        throw new UserError("The first line of the file is no marker (<!-- ... -->).", 2);
    const issue = `repos/${target.repository}/issues`;
    const own = await find(target, `${issue}/${target.pullRequest}/comments`, marker);
    if (own === undefined) await call(target, "POST", `${issue}/${target.pullRequest}/comments`, { body });
    else await call(target, "PATCH", `${issue}/comments/${own}`, { body });
    return own === undefined ? "written" : "updated";
}

async function find(target: CommentTarget, path: string, marker: string): Promise<number | undefined> {
    for (let page = 1; ; page++) {
        const list = comments.parse(await call(target, "GET", `${path}?per_page=${PAGE}&page=${page}`));
        const own = list.find(({ body }) => body?.startsWith(marker));
        if (own || list.length < PAGE) return own?.id;
    }
}

async function call({ api, token }: CommentTarget, method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${api}/${path}`, {
        method,
        headers: {
            authorization: `Bearer ${token}`,
            accept: "application/vnd.github+json",
            "content-type": "application/json",
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
    });
    if (!response.ok)
        throw new UserError(`${method} ${path}: ${response.status} ${(await response.text()).slice(0, 300)}`, 1);
    return response.json();
}
