/** What one kind of container uses, over all pods of its workload. */
export interface Use {
    /** Cores that are not exceeded 95 % of the time, in the pod that needs most. */
    readonly cpuP95: number;
    /** Mean cores of all its pods. */
    readonly cpuMean: number;
    /** Bytes of the working set at most, in the pod that needs most. */
    readonly memoryPeak: number;
}

/** Requests and limits in cores and bytes; undefined: none. */
export interface Size {
    readonly cpuRequest?: number | undefined;
    readonly cpuLimit?: number | undefined;
    readonly memoryRequest?: number | undefined;
    readonly memoryLimit?: number | undefined;
}

/** Room above what was measured: the margin of Kubernetes' Vertical Pod Autoscaler. */
export const MARGIN = 1.15;

/** How many times the peak a memory limit is: the kernel ends a container at it, and a peak that was measured is not the last one. */
export const LIMIT_OF_PEAK = 2;

const Mi = 2 ** 20;

/** The rule in words, for the report. */
export const ruleText =
    `CPU request: 95th percentile + 15 %, in steps of 5m, at least 5m. Memory request: peak + 15 %, in steps of 8Mi, at least 16Mi. ` +
    `Memory limit: twice the peak, in steps of 32Mi, at least 64Mi. CPU limit: none; one that is there is kept if it is at least four times the 95th percentile.`;

/** The size that fits what was measured. */
export function rightSize(use: Use, declared: Size): Size {
    const { cpuLimit } = declared;
    return {
        cpuRequest: step(use.cpuP95 * MARGIN, 0.005, 0.005),
        memoryRequest: step(use.memoryPeak * MARGIN, 8 * Mi, 16 * Mi),
        memoryLimit: step(use.memoryPeak * LIMIT_OF_PEAK, 32 * Mi, 64 * Mi),
        ...(cpuLimit !== undefined && { cpuLimit: Math.max(cpuLimit, step(use.cpuP95 * 4, 0.1, 0.1)) }),
    };
}

/** Rounded up, without the noise of binary fractions. */
function step(value: number, size: number, least: number): number {
    const steps = Math.max(Math.ceil(value / size - 1e-9), Math.round(least / size));
    return Number((steps * size).toPrecision(12));
}

/** What is wrong with a declared size; nothing where it fits. */
export type Verdict = "too much" | "too little" | "missing";

/** Above this many times the right size a value is too much: below it, changing it is not worth the trouble. */
const TOO_MUCH = 2;

/** Verdict of each value. A memory limit is allowed to be generous: it reserves nothing. */
export function judge(declared: Size, right: Size, use: Use): Partial<Record<keyof Size, Verdict>> {
    return {
        ...verdict("cpuRequest", declared.cpuRequest, right.cpuRequest!, use.cpuP95, TOO_MUCH),
        ...verdict("memoryRequest", declared.memoryRequest, right.memoryRequest!, use.memoryPeak, TOO_MUCH),
        ...verdict("memoryLimit", declared.memoryLimit, right.memoryLimit!, use.memoryPeak * MARGIN, 4 * TOO_MUCH),
        ...(declared.cpuLimit !== undefined &&
            declared.cpuLimit < use.cpuP95 * MARGIN && { cpuLimit: "too little" as const }),
    };
}

function verdict(
    key: keyof Size,
    declared: number | undefined,
    right: number,
    used: number,
    factor: number,
): Partial<Record<keyof Size, Verdict>> {
    if (declared === undefined) return { [key]: "missing" };
    if (declared < used) return { [key]: "too little" };
    return declared > right * factor ? { [key]: "too much" } : {};
}
