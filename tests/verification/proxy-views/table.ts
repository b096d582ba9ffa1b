import type { View } from "./views";

/** A view as text: columns as wide as their longest entry, without blanks at the ends of lines. */
export function table({ columns, rows }: View): string {
    const lines = [columns, ...rows];
    const widths = columns.map((_, index) => Math.max(...lines.map((cells) => cells[index]!.length)));
    return lines
        .map((cells) =>
            cells
                .map((cell, index) => cell.padEnd(widths[index]!))
                .join("  ")
                .trimEnd(),
        )
        .map((line) => `${line}\n`)
        .join("");
}
