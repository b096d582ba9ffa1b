/**
 * How far a `go build` is. Go prints each package that it has compiled; programs that it has linked show as new files.
 * The remaining time is extrapolated from what is done, and before there is enough of that, from typical costs.
 */
export class GoProgress {
    private compiled = 0;
    private linked = 0;

    /**
     * @param packages Packages to compile: those that Go's cache does not have.
     * @param programs Programs to link.
     * @param cores Processors that compile side by side.
     */
    constructor(
        private readonly packages: number,
        private readonly programs: number,
        private readonly cores: number,
    ) {}

    /** Takes a line of `go build -v`; returns whether it names a compiled package. */
    line(text: string): boolean {
        if (!isPackage(text)) return false;
        this.compiled++;
        return true;
    }

    /** Notes how many of the programs are linked. */
    links(done: number): void {
        this.linked = done;
    }

    /** Done part of the work, 0 to 1. */
    get fraction(): number {
        const done = Math.min(this.compiled, this.packages) + linkCost * Math.min(this.linked, this.programs);
        return this.total === 0 ? 1 : done / this.total;
    }

    /** Estimated remaining time in seconds, after so many seconds of work. */
    remaining(elapsed: number): number {
        const { fraction } = this;
        const prior = (this.total * secondsPerUnit) / this.cores;
        const observed = fraction > 0 ? elapsed / fraction : prior;
        // The first tenth of the packages says little about the rest.
        const trust = Math.min(1, fraction * 10);
        return Math.max(0, (1 - fraction) * (trust * observed + (1 - trust) * prior));
    }

    /** One line for the user. */
    describe(elapsed: number): string {
        const packages = `${Math.min(this.compiled, this.packages)} of ${this.packages} packages`;
        const programs = `${this.linked} of ${this.programs} programs`;
        return `${packages}, ${programs}, about ${duration(this.remaining(elapsed))} left`;
    }

    private get total(): number {
        return this.packages + linkCost * this.programs;
    }
}

/** Linking a program costs about as much as compiling so many packages. */
const linkCost = 20;

/** Processor seconds for one package: all tools took 900 for 5,100 packages and 21 programs. */
const secondsPerUnit = 0.17;

/** Whether a line of `go build -v` is a package's path; others are messages, with spaces or colons. */
export function isPackage(line: string): boolean {
    return /^[\w.~+-]+(\/[\w.~+-]+)*$/.test(line);
}

/** Seconds as people say them. */
export function duration(seconds: number): string {
    const whole = Math.round(seconds);
    return whole < 100 ? `${whole} s` : `${Math.round(whole / 60)} min`;
}
