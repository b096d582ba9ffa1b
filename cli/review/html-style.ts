/** Style of the review's page; it follows the reader's light or dark setting. */
export const style = `
:root { --bg: #f6f7f9; --card: #fff; --ink: #1a1f27; --soft: #5b6573; --line: #dfe3e8; --code: #eef1f4;
    --good: #137a3e; --bad: #b3261e; --warn: #8a6100; }
@media (prefers-color-scheme: dark) { :root { --bg: #12151a; --card: #1b2027; --ink: #e6e9ee; --soft: #9aa5b3;
    --line: #303843; --code: #262d36; --good: #5fd28f; --bad: #ff8a80; --warn: #f0c060; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 68rem; margin: 0 auto; padding: 1rem 1.25rem; }
header { padding-top: 2rem; } header p { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
h1 { margin: 0 0 .25rem; font-size: clamp(1.4rem, 4vw, 2rem); line-height: 1.2; }
.verdict { font-size: 1.1rem; font-weight: 600; } .good .verdict { color: var(--good); } .bad .verdict { color: var(--bad); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .25rem 1rem 1rem; margin: 0 0 1rem; }
section.alarm { border: 2px solid var(--bad); } .alarm h2 { color: var(--bad); }
h2 { font-size: 1.15rem; margin: .75rem 0 .5rem; } h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
p { margin: .25rem 0; } .note { color: var(--warn); }
ul { margin: .25rem 0; padding-left: 1.2rem; } li { overflow-wrap: anywhere; margin: .15rem 0; }
.changes, .violations { list-style: none; padding: 0; } .violations li { padding: .5rem 0; border-top: 1px solid var(--line); }
summary { cursor: pointer; overflow-wrap: anywhere; } summary:focus-visible { outline: 2px solid var(--good); }
code { background: var(--code); border-radius: .25rem; padding: .1rem .35rem; font-size: .85em; overflow-wrap: anywhere; }
pre { background: var(--code); border-radius: .25rem; padding: .6rem; overflow-x: auto; font-size: .85em; white-space: pre-wrap; overflow-wrap: anywhere; }
.kind, .level { display: inline-block; border-radius: .25rem; padding: 0 .4rem; font-size: .85em; font-weight: 600; border: 1px solid currentColor; }
.created, .low { color: var(--good); } .changed, .advisory, .medium { color: var(--warn); }
.replaced, .deleted, .mandatory, .high { color: var(--bad); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-top: 1px solid var(--line); overflow-wrap: anywhere; min-width: 5rem; }
.old { color: var(--soft); } .new { font-weight: 600; } .number { text-align: right; font-variant-numeric: tabular-nums; }
@media (max-width: 40rem) { th, td { padding: .3rem .35rem; min-width: 4rem; } section { padding: .25rem .6rem .8rem; } }
`;
