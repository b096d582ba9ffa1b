/** Prints the progress of a long step: in place on a terminal, as plain lines elsewhere. */
export class Progress {
    private readonly begin = Date.now();
    private open = false;

    constructor(private readonly stream: NodeJS.WriteStream = process.stderr) {}

    /** Shows the newest line of the step that is under way. */
    readonly line = (text: string): void => {
        const seconds = ((Date.now() - this.begin) / 1000).toFixed(0).padStart(4);
        const line = `${seconds} s  ${text}`;
        if (!this.stream.isTTY) return void this.stream.write(`${line}\n`);
        this.stream.write(`\r\x1b[2K${line.slice(0, this.stream.columns - 1)}`);
        this.open = true;
    };

    /** Shows a line that stays. */
    readonly done = (text: string): void => {
        this.line(text);
        this.close();
    };

    /** Ends the line that is open, so that what follows starts on a new one. */
    readonly close = (): void => {
        if (this.open) this.stream.write("\n");
        this.open = false;
    };
}
