import { losesData, type ResourceChange } from "./compare";
import { shortType } from "./components";
import { headline } from "./markdown";
import type { PlannedViolation } from "./plan";
import { isAcceptable, type Review } from "./report";
import { groupRisks } from "./risks/risk";
import { show } from "./values";
import { style } from "./html-style";

/** The review as one self-contained page, everything written out. */
export function reviewPage(review: Review): string {
    const { stack, base, change, takenAt, provenance } = review;
    const title = headline(review).replaceAll("**", "");
    const verdict = isAcceptable(review) ? "good" : "bad";
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(`Review of ${stack}: ${title}`)}</title>
<style>${style}</style>
</head>
<body>
<header class="${verdict}">
<h1>Review of ${escape(stack)}</h1>
<p class="verdict">${escape(title)}</p>
<p><code>${escape(base.name)}</code> ${escape(base.commit)} → <code>${escape(change.name)}</code> ${escape(change.commit)}, <time datetime="${takenAt}">${escape(takenAt.replace("T", " ").replace(/\..*/, " UTC"))}</time></p>
</header>
<main>
${failures("the change", review.errors.change)}${failures("the base", review.errors.base)}${lost(review)}${resources(review)}${policy(review)}${behaviour(review)}${cost(review)}${risks(review)}
<section><h2>Provenance</h2><ul>${provenance.map((line) => `<li>${escape(line)}</li>`).join("") || "<li>nothing declared</li>"}</ul></section>
</main>
</body>
</html>
`;
}

function failures(side: string, messages: readonly string[]): string {
    if (messages.length === 0) return "";
    return `<section class="alarm"><h2>The preview of ${side} fails</h2>${messages.map((text) => `<pre>${escape(text)}</pre>`).join("")}</section>`;
}

function lost({ resources: { changes } }: Review): string {
    const own = changes.filter(losesData);
    if (own.length === 0) return "";
    const items = own.map(
        ({ kind, type, name, holds, because }) =>
            `<li><b>${kind}</b> <code>${escape(`${shortType(type)} ${name}`)}</code>, ${escape(holds!)}${because.length > 0 ? `, because of ${because.map((path) => `<code>${escape(path)}</code>`).join(", ")}` : ""}</li>`,
    );
    return `<section class="alarm"><h2>What holds data is deleted or replaced. Nothing brings it back</h2><ul>${items.join("")}</ul></section>`;
}

function resources({ resources: { changes, unchanged, pending }, against }: Review): string {
    const groups = new Map<string, ResourceChange[]>();
    for (const change of changes) groups.set(change.component, [...(groups.get(change.component) ?? []), change]);
    const basis =
        against === "state" ? "Against the deployed state." : "By comparing both plans: nothing is deployed from here.";
    const waiting = pending > 0 ? ` ${pending} differ from what is deployed in the base already.` : "";
    return `<section><h2>Resources</h2><p>${changes.length} change, ${unchanged} unchanged. ${basis}${waiting}</p>${[
        ...groups,
    ]
        .map(
            ([component, own]) => `<h3>${escape(component)}</h3><ul class="changes">${own.map(resource).join("")}</ul>`,
        )
        .join("")}</section>`;
}

function resource({ kind, type, name, fields, because, by }: ResourceChange): string {
    const why =
        kind === "replaced" && because.length > 0
            ? ` because of ${because.map((path) => `<code>${escape(path)}</code>`).join(", ")}${by === "table" ? " (by the type's documentation)" : ""}`
            : "";
    const head = `<span class="kind ${kind}">${kind}</span> <code>${escape(shortType(type))}</code> ${escape(name)}${why}`;
    if (fields.length === 0) return `<li>${head}</li>`;
    const rows = fields.map(
        ({ path, before, after }) =>
            `<tr><td><code>${escape(path || "(all)")}</code></td><td class="old">${escape(show(before))}</td><td class="new">${escape(show(after))}</td></tr>`,
    );
    return `<li><details${fields.length <= 8 ? " open" : ""}><summary>${head}: ${fields.length} ${fields.length === 1 ? "field" : "fields"}</summary><div class="wide"><table><thead><tr><th>Field</th><th>Before</th><th>After</th></tr></thead><tbody>${rows.join("")}</tbody></table></div></details></li>`;
}

function policy({ policy: { added, fixed, unchanged, reservations, passes } }: Review): string {
    const list = (title: string, violations: readonly PlannedViolation[], open: boolean) =>
        violations.length === 0
            ? ""
            : `<details${open ? " open" : ""}><summary>${title}: ${violations.length}</summary><ul class="violations">${violations.map(violation).join("")}</ul></details>`;
    return `<section><h2>Policy: ${passes ? "passes" : "refuses the change"}</h2>${reservations.map((text) => `<p class="note">${escape(text)}</p>`).join("")}<p>${added.length} new, ${fixed.length} fixed, ${unchanged.length} unchanged.</p>${list("New", added, true)}${list("Fixed", fixed, true)}${list("Unchanged", unchanged, false)}</section>`;
}

function violation({ rule, enforcement, object, field, message, fix }: PlannedViolation): string {
    return `<li><span class="level ${enforcement}">${enforcement}</span> <code>${escape(rule)}</code> <code>${escape(object)}</code> ${field === "" ? "" : `<code>${escape(field)}</code>`}<br>${escape(message)}${fix === "" ? "" : `<br><b>Fix:</b> ${escape(fix)}`}</li>`;
}

function behaviour({ behaviour: measured }: Review): string {
    if (!measured) return `<section><h2>Behaviour</h2><p>Not measured.</p></section>`;
    const { lines, unchanged, proxies, how, problem } = measured;
    if (problem !== undefined)
        return `<section class="alarm"><h2>Behaviour</h2><pre>Not measured: ${escape(problem)}</pre></section>`;
    const rows = lines.map(
        ({ request, aspect, before, after, confidence, because }) =>
            `<tr><td><code>${escape(request)}</code><br>${escape(aspect)}</td><td class="old">${escape(before)}</td><td class="new">${escape(after)}</td><td>${escape(confidence)}${because.map((line) => `<br><code>${escape(line)}</code>`).join("")}</td></tr>`,
    );
    const table =
        lines.length === 0
            ? `<p><b>Clients see no difference.</b></p>`
            : `<div class="wide"><table><thead><tr><th>Request</th><th>Before</th><th>After</th><th>Measured, and why</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
    const same = `<details><summary>Answered alike: ${unchanged.length}</summary><ul>${unchanged.map((line) => `<li>${escape(line)}</li>`).join("")}</ul></details>`;
    const fields = proxies
        .map(({ proxy, fields }) => `<h3>${escape(proxy)}</h3><pre>${escape(fields.join("\n"))}</pre>`)
        .join("");
    return `<section><h2>Behaviour</h2>${table}<p>${escape(how)}</p>${same}${proxies.length === 0 ? "<p>The proxies' configuration is the same on both sides.</p>" : `<details><summary>Changed configuration of the proxies</summary>${fields}</details>`}</section>`;
}

function cost({ cost: compared }: Review): string {
    if (!compared || (compared.before === undefined && compared.after === undefined && compared.problem === undefined))
        return "";
    const { before = 0, after = 0, lines, problem } = compared;
    if (problem !== undefined) return `<section><h2>Cost</h2><p>${escape(problem)}</p></section>`;
    const rows = lines.map(
        ({ resource, charged, before, after }) =>
            `<tr><td>${escape(resource)}</td><td>${escape(charged)}</td><td class="number">${before.toFixed(2)}</td><td class="number">${after.toFixed(2)}</td><td class="number">${signed(after - before)}</td></tr>`,
    );
    const table =
        rows.length === 0
            ? ""
            : `<div class="wide"><table><thead><tr><th>Resource</th><th>Charged as</th><th>Before</th><th>After</th><th>Difference</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
    return `<section><h2>Cost</h2><p>USD ${before.toFixed(2)} → ${after.toFixed(2)} a month (${signed(after - before)}), without discounts and taxes.</p>${table}</section>`;
}

const signed = (usd: number): string => `${usd < 0 ? "−" : "+"}${Math.abs(usd).toFixed(2)}`;

function risks({ risks: all }: Review): string {
    const rows = groupRisks(all).map(
        ({ severity, rule, objects, text }) =>
            `<li><span class="level ${severity}">${severity}</span> <code>${escape(rule)}</code> ${objects.map((object) => `<code>${escape(object)}</code>`).join(" ")}<br>${escape(text)}</li>`,
    );
    return `<section><h2>Risk</h2>${rows.length === 0 ? "<p>None of the rules sees a new one.</p>" : `<ul class="violations">${rows.join("")}</ul>`}</section>`;
}

function escape(text: string): string {
    const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
    return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
