import { interruptible } from "./processes";

/** Time between two lines of one step where they are not shown in place, in milliseconds. */
const quiet = 15_000;

/**
 * Prints the progress of a long step: in place on a terminal, as plain lines elsewhere. There, a new step is shown at once,
 * and a step's own counting only now and then; lines of one step are alike up to their first digit.
 */
export class Progress {
    private readonly begin = Date.now();
    private open = false;
    private last = { step: "", at: 0 };

    constructor(private readonly stream: NodeJS.WriteStream = process.stderr) {}

    /** Shows the newest line of the step that is under way. */
    readonly line = (text: string): void => {
        if (this.stream.isTTY || this.isNews(text)) this.show(text);
    };

    private isNews(text: string): boolean {
        const step = text.replace(/\d.*/, "");
        if (step === this.last.step && Date.now() - this.last.at < quiet) return false;
        this.last = { step, at: Date.now() };
        return true;
    }

    private show(text: string): void {
        const seconds = ((Date.now() - this.begin) / 1000).toFixed(0).padStart(4);
        const line = `${seconds} s  ${text}`;
        if (!this.stream.isTTY) return void this.stream.write(`${line}\n`);
        this.stream.write(`\r\x1b[2K${line.slice(0, this.stream.columns - 1)}`);
        this.open = true;
    }

    /** Shows a line that stays. */
    readonly done = (text: string): void => {
        this.show(text);
        this.close();
    };

    /** Ends the line that is open, so that what follows starts on a new one. */
    readonly close = (): void => {
        if (this.open) this.stream.write("\n");
        this.open = false;
    };
}

/** Shows the progress of some work on standard error, and turns Ctrl-C and SIGTERM into its orderly end. */
export async function withProgress<T>(
    action: (control: { onProgress(line: string): void; signal: AbortSignal }) => Promise<T>,
): Promise<T> {
    const progress = new Progress();
    try {
        return await interruptible((signal) => action({ onProgress: progress.line, signal }));
    } finally {
        progress.close();
    }
}
