/** Style and behaviour of the HTML report; it follows the reader's light or dark setting. */

export const style = `
:root { --bg: #f6f7f9; --card: #fff; --ink: #1a1f27; --soft: #5b6573; --line: #dfe3e8; --code: #eef1f4;
    --passed: #137a3e; --failed: #b3261e; --skipped: #8a6100; --link: #0b5bd3; }
@media (prefers-color-scheme: dark) { :root { --bg: #12151a; --card: #1b2027; --ink: #e6e9ee; --soft: #9aa5b3;
    --line: #303843; --code: #262d36; --passed: #5fd28f; --failed: #ff8a80; --skipped: #f0c060; --link: #8ab4ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 62rem; margin: 0 auto; padding: 1rem 1.25rem; }
header { padding-top: 2rem; }
h1 { margin: 0 0 .25rem; font-size: clamp(1.4rem, 4vw, 2rem); line-height: 1.2; }
header.passed h1 { color: var(--passed); } header.failed h1 { color: var(--failed); }
header.empty h1 { color: var(--skipped); }
header p { margin: 0; color: var(--soft); }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
.summary { list-style: none; display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0 0; padding: 0; }
.summary li { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem; }
.summary b { font-size: 1.4rem; margin-right: .25rem; } .summary .passed b { color: var(--passed); }
.summary .failed b { color: var(--failed); } .summary .skipped b { color: var(--skipped); }
.summary .none b { color: var(--soft); }
nav { display: flex; gap: 1rem; align-items: center; flex-wrap: wrap; } nav p { margin: 0; color: var(--soft); }
input { flex: 1 1 16rem; max-width: 26rem; padding: .5rem .75rem; font: inherit; color: inherit; background: var(--card);
    border: 1px solid var(--line); border-radius: .5rem; }
ol { list-style: none; margin: 0; padding: 0; background: var(--card); border: 1px solid var(--line);
    border-radius: .5rem; overflow: hidden; }
.check + .check { border-top: 1px solid var(--line); }
.check > details > summary { display: grid; grid-template-columns: 1.2rem minmax(3rem, auto) 1fr auto; gap: .6rem;
    align-items: baseline; padding: .55rem .9rem; cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary:focus-visible, input:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: -2px; }
.mark::before { font-weight: 700; } .passed .mark::before { content: "\\2713"; color: var(--passed); }
.failed .mark::before { content: "\\2717"; color: var(--failed); }
.skipped .mark::before { content: "\\2013"; color: var(--skipped); }
.title { overflow-wrap: anywhere; } .time { color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
code { background: var(--code); border-radius: .25rem; padding: .1rem .35rem; font-size: .85em; white-space: nowrap; }
.body { padding: 0 .9rem .9rem 2.7rem; overflow-wrap: anywhere; } .how { color: var(--soft); margin: .25rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1rem; margin: 0 0 .5rem; }
dt { color: var(--soft); } dd { margin: 0; }
.evidence > summary { cursor: pointer; color: var(--link); } .evidence ul { columns: 2 18rem; }
a { color: var(--link); } .provenance { color: var(--soft); overflow-wrap: anywhere; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-top: 1px solid var(--line); }
@media (max-width: 40rem) {
    .check > details > summary { grid-template-columns: 1.2rem 1fr auto; }
    .title { grid-column: 2 / -1; grid-row: 2; } .body { padding-left: .9rem; }
    dl { grid-template-columns: 1fr; } dd { margin-bottom: .35rem; }
}
@media print { nav { display: none; } body { background: #fff; } }
`;

export const script = `
const input = document.getElementById("filter");
const shown = document.getElementById("shown");
const checks = [...document.querySelectorAll(".check")];
function apply() {
    const words = input.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let count = 0;
    for (const check of checks) {
        const text = check.textContent.toLowerCase();
        check.hidden = !words.every((word) => text.includes(word));
        if (!check.hidden) count++;
    }
    for (const section of document.querySelectorAll("section.checks"))
        section.hidden = !section.querySelector(".check:not([hidden])");
    shown.textContent = words.length ? count + " of " + checks.length + " checks" : "";
}
input.addEventListener("input", apply);
apply();
`;
