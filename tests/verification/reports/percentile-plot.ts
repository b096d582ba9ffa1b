/** A figure in SVG: how long answers take, by percentile. */

export interface Curve {
    name: string;
    /** Milliseconds of the answers. */
    values: readonly number[];
    /** Percentile with bounds that is marked, all in milliseconds. */
    mark: { share: number; value: number; low: number; high: number };
}

const size = { width: 720, height: 420, left: 70, right: 220, top: 40, bottom: 50 };
const colours = ["#0b6bcb", "#c2410c", "#15803d", "#7e22ce"];
/** Percentiles at the axis. */
const ticks = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999];

/** Curves over percentiles, with logarithmic axes: the last percent is as wide as the first fifty. */
export function percentilePlot(title: string, curves: readonly Curve[]): string {
    const values = curves.flatMap((curve) => curve.values);
    const [least, most] = [Math.max(1, Math.min(...values)), Math.max(...values) * 1.2];
    const inner = { width: size.width - size.left - size.right, height: size.height - size.top - size.bottom };
    const nines = (share: number) => -Math.log10(1 - share);
    const x = (share: number) =>
        size.left + (inner.width * (nines(share) - nines(ticks[0]!))) / (nines(ticks.at(-1)!) - nines(ticks[0]!));
    const y = (ms: number) => {
        const bounded = Math.min(Math.max(ms, least), most);
        return size.top + inner.height * (1 - Math.log(bounded / least) / Math.log(most / least));
    };
    const point = (share: number, ms: number) => `${x(share).toFixed(1)},${y(ms).toFixed(1)}`;
    const decades = [1, 10, 100, 1_000, 10_000].filter((ms) => ms >= least && ms <= most);
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="12">`,
        `<rect width="100%" height="100%" fill="white"/>`,
        text(size.left, 20, title),
        ...ticks.map((share) => line(x(share), size.top, x(share), size.top + inner.height)),
        ...ticks.map((share) => text(x(share), size.height - 30, `p${100 * share}`, "middle")),
        ...decades.map((ms) => line(size.left, y(ms), size.left + inner.width, y(ms))),
        ...decades.map((ms) => text(size.left - 6, y(ms) + 4, `${ms} ms`, "end")),
        text(size.left + inner.width / 2, size.height - 10, "percentile of the answers", "middle"),
        ...curves.flatMap((curve, index) => {
            const colour = colours[index % colours.length]!;
            const sorted = [...curve.values].sort((a, b) => a - b);
            const points = sorted
                .map((ms, rank) => [(rank + 0.5) / sorted.length, ms] as const)
                .filter(([share]) => share >= ticks[0]! && share <= ticks.at(-1)!);
            const { share, low, high, value } = curve.mark;
            return [
                `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.map(([at, ms]) => point(at, ms)).join(" ")}"/>`,
                `<polyline fill="none" stroke="${colour}" stroke-width="5" opacity="0.4" points="${point(share, low)} ${point(share, high)}"/>`,
                `<circle cx="${x(share).toFixed(1)}" cy="${y(value).toFixed(1)}" r="4" fill="${colour}"/>`,
                text(
                    size.left + inner.width + 10,
                    y(points.at(-1)?.[1] ?? value) + 14 * index,
                    curve.name,
                    "start",
                    colour,
                ),
            ];
        }),
        "</svg>",
        "",
    ].join("\n");
}

function line(x1: number, y1: number, x2: number, y2: number): string {
    const [fromX, fromY, toX, toY] = [x1, y1, x2, y2].map((at) => at.toFixed(1));
    return `<line x1="${fromX}" y1="${fromY}" x2="${toX}" y2="${toY}" stroke="#ddd"/>`;
}

function text(x: number, y: number, content: string, anchor = "start", colour = "#333"): string {
    return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${colour}">${content}</text>`;
}
