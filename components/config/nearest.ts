/** The known word that was probably meant: the one with the fewest edits, when these are few for its length. */
export function nearest(word: string, known: readonly string[]): string | undefined {
    const [best] = known
        .map((candidate) => ({ candidate, edits: distance(word.toLowerCase(), candidate.toLowerCase()) }))
        .filter(({ candidate, edits }) => edits <= Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3)))
        .sort((a, b) => a.edits - b.edits);
    return best?.candidate;
}

/** Levenshtein's distance: insertions, deletions and replacements that turn one word into the other. */
function distance(from: string, to: string): number {
    let row = Array.from({ length: to.length + 1 }, (_, column) => column);
    for (let line = 1; line <= from.length; line++) {
        const next = [line];
        for (let column = 1; column <= to.length; column++)
            next[column] = Math.min(
                next[column - 1]! + 1,
                row[column]! + 1,
                row[column - 1]! + (from[line - 1] === to[column - 1] ? 0 : 1),
            );
        row = next;
    }
    return row[to.length]!;
}
