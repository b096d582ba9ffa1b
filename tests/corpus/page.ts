import { corpus } from "./cases";

/** Mistake -> messages by which `istioctl analyze` names the broken object; empty: it does not. */
export type Analysis = Readonly<Record<string, readonly string[]>>;

/** The page docs/corpus.md: every mistake, what finds it, and whether `istioctl analyze` on the same file does. */
export function corpusPage(analysis: Analysis): string {
    const named = corpus.filter(({ id }) => (analysis[id] ?? []).length > 0).length;
    const rows = corpus.map(({ id, title, source, layer, rule, object }) => {
        const link = /^IST\d+$/.test(source)
            ? `[${source}](https://istio.io/latest/docs/reference/config/analysis/${source.toLowerCase()}/)`
            : source.startsWith("https:")
              ? `[docs](${source})`
              : source;
        const found = analysis[id] ?? [];
        return `| ${id} | ${title.replaceAll("|", "\\|")} | ${link} | ${object} | ${layer}: [${rule}](policy.md#${rule}) | ${found.join(", ") || "-"} |`;
    });
    return `# Mistakes of the real world

<!-- Made by \`npx tsx tests/corpus/generate.ts\` from tests/corpus: change it there. -->

Each is made in one good system (tests/corpus/base.yaml). \`npm run lint\` names the broken object of all ${corpus.length}, and says nothing about their correct twins
and the variations in tests/corpus/variations.ts. \`istioctl analyze\` on the same files names the broken object of ${named} (${Math.round((named / corpus.length) * 100)} %); the last
column has its messages. It was made to look at clusters, and what it says about files is not all that it knows.

These are mistakes that manifests show. The corpus was written with the rules: it proves that they do what they say, not that there are no other mistakes.

| Mistake | What is wrong | Source | Broken object | Found by | istioctl analyze |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}
