import type { Report, ReportedCheck } from "./report";
import { checklist } from "./checklist";
import { script, style } from "./html-assets";

/** One self-contained page: no file beside it is needed to read it, only the evidence is linked. */
export function htmlPage(report: Report): string {
    const { passed, failed, skipped, durationMs } = report.summary;
    const verdict = failed > 0 ? "failed" : passed > 0 ? "passed" : "empty";
    const headline = {
        failed: `${failed} of ${report.specs.length} checks failed`,
        passed: `The mesh behaves as declared: ${passed} checks passed`,
        empty: "No check ran, so nothing is proved",
    }[verdict];
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(`${headline} (${report.stack})`)}</title>
<style>${style}</style>
</head>
<body>
<header class="${verdict}">
<h1>${escape(headline)}</h1>
<p>Stack <strong>${escape(report.stack)}</strong>, <time datetime="${report.startedAt}">${escape(report.startedAt.replace("T", " ").replace(/\..*/, " UTC"))}</time>, ${seconds(durationMs)}</p>
<ul class="summary">
${tile("passed", passed)}${tile("failed", failed)}${tile("skipped", skipped)}</ul>
</header>
<main>
<nav aria-label="Filter">
<input id="filter" type="search" placeholder="Filter by id or text, for example E5" aria-label="Filter the checks">
<p id="shown" aria-live="polite"></p>
</nav>
${section("Failed", report.specs, "failed")}${section("Skipped", report.specs, "skipped")}${section("Passed", report.specs, "passed")}${checklistSection(report)}<section>
<h2>Provenance</h2>
<ul class="provenance">${report.provenance.map((line) => `<li>${escape(line)}</li>`).join("") || "<li>nothing declared</li>"}</ul>
</section>
</main>
<script>${script}</script>
</body>
</html>
`;
}

function tile(status: ReportedCheck["status"], count: number): string {
    return `<li class="${status}${count === 0 ? " none" : ""}"><b>${count}</b> ${status}</li>\n`;
}

function section(heading: string, checks: readonly ReportedCheck[], status: ReportedCheck["status"]): string {
    const own = checks.filter((check) => check.status === status);
    if (own.length === 0) return "";
    return `<section class="checks">\n<h2>${heading}</h2>\n<ol>\n${own.map(item).join("")}</ol>\n</section>\n`;
}

function item(check: ReportedCheck): string {
    const title = withoutIds(check);
    return `<li class="check ${check.status}"><details${check.status === "failed" ? " open" : ""}>
<summary><span class="mark" role="img" aria-label="${check.status}"></span><span class="ids">${check.ids.map((id) => `<code>${escape(id)}</code>`).join(" ")}</span><span class="title">${escape(title)}</span><span class="time">${check.status === "skipped" ? "" : seconds(check.durationMs)}</span></summary>
<div class="body">
${check.reason === undefined ? "" : `<p><strong>Skipped:</strong> ${escape(check.reason)}</p>\n`}${check.failure ? failure(check.failure) : ""}<p class="how">${escape(check.description)}</p>
${evidence(check.evidence)}</div>
</details></li>
`;
}

/** C19: who, what and when, and the checklist as far as this run fills it in. */
function checklistSection(report: Report): string {
    const who = process.env["GITHUB_ACTOR"] ?? process.env["USER"] ?? "not known";
    const rows = checklist(report).map(
        ({ phase, text, state, proof }) =>
            `<tr><td>${phase}</td><td>${escape(text)}</td><td class="${state === "done" ? "passed" : state === "open" ? "failed" : "skipped"}"><span class="mark"></span> ${state}</td><td>${escape(proof)}</td></tr>`,
    );
    return `<section class="checklist">
<h2>Checklist of the deployment</h2>
<p>Stack ${escape(report.stack)}, ${escape(report.startedAt.replace("T", " ").replace(/\..*/, " UTC"))}, by ${escape(who)}.</p>
<div class="wide"><table><thead><tr><th>When</th><th>What</th><th>State</th><th>By</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>
</section>
`;
}

function withoutIds({ title, ids }: ReportedCheck): string {
    let rest = title;
    for (const id of ids) if (rest.startsWith(`${id} `)) rest = rest.slice(id.length + 1);
    return rest;
}

function failure({ expected, seen, cause, action }: NonNullable<ReportedCheck["failure"]>): string {
    const rows: [string, string][] = [
        ["Expected", expected],
        ["Seen", seen],
        ["Likely cause", cause],
        ["What to do", action],
    ];
    return `<dl>${rows.map(([name, text]) => `<dt>${name}</dt><dd>${escape(text)}</dd>`).join("")}</dl>\n`;
}

function evidence(files: readonly string[]): string {
    if (files.length === 0) return "";
    const links = files.map((file) => {
        const name = file.split("/").at(-1)!;
        return `<li><a href="${escape(file.split("/").map(encodeURIComponent).join("/"))}">${escape(name)}</a></li>`;
    });
    return `<details class="evidence"><summary>${files.length} files of evidence</summary><ul>${links.join("")}</ul></details>\n`;
}

function seconds(milliseconds: number): string {
    return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
}

function escape(text: string): string {
    const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
    return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
