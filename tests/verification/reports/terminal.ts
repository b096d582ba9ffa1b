import type { Outcome } from "../runner/outcome";
import type { Spec } from "../spec";
import { seconds } from "../wait";

/** The terminal report: one line a check, what is being waited for meanwhile, and each failure in detail at the end. */

export interface Output {
    write(text: string): unknown;
    isTTY?: boolean;
    columns?: number;
}

/** Characters of what was seen on the line below a red check; all of it follows at the end. */
const shownLength = 160;

/** Milliseconds between two lines about waiting where lines cannot be overwritten. */
const quiet = 5_000;

export class Terminal {
    private readonly waiting = new Map<Spec, string>();
    private readonly started = performance.now();
    private statusShown = false;
    private lastStatus = -Infinity;
    private readonly colour: boolean;

    constructor(
        private readonly output: Output,
        env: NodeJS.ProcessEnv = process.env,
    ) {
        this.colour = (output.isTTY === true && !env["NO_COLOR"]) || Boolean(env["FORCE_COLOR"]);
    }

    header(lines: readonly string[]): void {
        for (const line of lines) this.line(line);
        this.line("");
    }

    progress(spec: Spec, what: string | undefined): void {
        if (what === undefined) this.waiting.delete(spec);
        else this.waiting.set(spec, what);
        this.status();
    }

    outcome({ check, status, durationMs, reason, failure }: Outcome): void {
        const mark = { passed: this.paint(32, "✓"), failed: this.paint(31, "✗"), skipped: this.paint(33, "–") }[status];
        const after = status === "skipped" ? `skipped: ${reason}` : seconds(durationMs);
        this.line(`  ${mark} ${check.title} ${this.paint(2, `(${after})`)}`);
        if (failure) this.line(`      ${shorten(failure.seen, shownLength)}`);
    }

    /** Everything about the failures, after all checks. */
    failures(outcomes: readonly Outcome[], report: string): void {
        const failed = outcomes.filter(({ status }) => status === "failed");
        failed.forEach(({ check, failure, evidence }, index) => {
            this.line("");
            this.line(this.paint(31, `${index + 1}) ${check.title}`));
            const { expected, seen, cause, action } = failure!;
            this.line(`   expected:     ${expected}`);
            this.line(`   seen:         ${seen}`);
            this.line(`   likely cause: ${cause}`);
            this.line(`   what to do:   ${action}`);
            if (evidence.length > 0)
                this.line(
                    `   evidence:     ${evidence.length} files in ${report}/${evidence[0]!.replace(/\/[^/]*$/, "")}`,
                );
        });
    }

    line(text: string): void {
        this.clearStatus();
        this.output.write(`${text}\n`);
    }

    private status(): void {
        if (this.waiting.size === 0) return this.clearStatus();
        const elapsed = `${Math.round((performance.now() - this.started) / 1000)} s`;
        const entries = [...this.waiting.values()];
        if (this.output.isTTY) {
            this.clearStatus();
            const text = `  ${elapsed}, waiting for ${entries.join(" | ")}`;
            this.output.write(this.paint(2, text.slice(0, (this.output.columns ?? 80) - 1)));
            this.statusShown = true;
        } else if (performance.now() - this.lastStatus >= quiet) {
            this.lastStatus = performance.now();
            this.output.write(`  ${elapsed}, waiting for ${entries.join(" | ")}\n`);
        }
    }

    private clearStatus(): void {
        if (!this.statusShown) return;
        this.output.write("\r\x1b[2K");
        this.statusShown = false;
    }

    private paint(code: number, text: string): string {
        return this.colour ? `\x1b[${code}m${text}\x1b[0m` : text;
    }
}

function shorten(text: string, length: number): string {
    return text.length <= length ? text : `${text.slice(0, length - 3)}...`;
}
