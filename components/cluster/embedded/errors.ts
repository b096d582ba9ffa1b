/** Something about a cluster that its message explains wholly: what is wrong and what to do. */
export class ClusterError extends Error {
    /**
     * @param message What is wrong, where, and what to do.
     * @param exitCode Exit code for the process. Default: 1. 2: the machine does not allow it. 130: interrupted.
     */
    constructor(
        message: string,
        readonly exitCode: number = 1,
    ) {
        super(message);
        this.name = "ClusterError";
    }
}
