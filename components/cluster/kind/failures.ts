/** What kind or the runtime print where something is wrong that a user can mend, and what to do about it. */
const known: { pattern: RegExp; meaning: (match: RegExpExecArray) => string }[] = [
    {
        pattern:
            /(?:Bind for|listen tcp4?) [\d.]*:(\d+).*(?:already allocated|already in use)|port (\d+).*already in use/i,
        meaning: ([, first, second]) =>
            `Port ${first ?? second} of this machine is in use. End the program that has it, or change hostPorts of the cluster in the stack's configuration.`,
    },
    {
        pattern: /node\(s\) already exist for a cluster with the name/,
        meaning: () =>
            "A cluster of this name was made meanwhile by somebody else. Choose another cluster.name, or set cluster.adopt to use that one.",
    },
    {
        pattern: /failed to pull image "([^"]+)"/,
        meaning: ([, image]) =>
            `The node image ${image} can be had from no registry. Set cluster.nodeImage to one of a mirror, or to one that this machine has.`,
    },
    {
        pattern: /too many open files|inotify/i,
        meaning: () =>
            "The kernel's limit of inotify instances is reached: sysctl -w fs.inotify.max_user_instances=1024 fs.inotify.max_user_watches=524288",
    },
    {
        pattern: /no space left on device/i,
        meaning: () => "The disk is full. Make room, for example by removing unused images and containers.",
    },
    {
        pattern: /rootless provider requires/i,
        meaning: () =>
            "Nodes of a rootless runtime need cgroup v2 and its delegation: https://kind.sigs.k8s.io/docs/user/rootless/",
    },
    {
        pattern: /cannot connect to the docker daemon|is the docker daemon running|cannot connect to podman/i,
        meaning: () => "The container runtime has ended meanwhile. Start it, then run the same command again.",
    },
    {
        pattern: /unable to apply caps|operation not permitted/i,
        meaning: () => "The runtime may not start privileged containers here, and nodes are such.",
    },
    {
        pattern: /timed out waiting for the condition|kubelet (?:is not|isn't) (?:running|healthy)/i,
        meaning: () =>
            "A node has not come up in time: too little memory, or a node image that does not fit this machine (its cgroup version, for example).",
    },
];

/** Lines of the end of an output that are shown where the reason is not known. */
const shownLines = 8;

/** What the output of a command that failed means: a sentence that says what to do, or its last lines. */
export function meaningOf(output: string): string {
    for (const { pattern, meaning } of known) {
        const match = pattern.exec(output);
        if (match) return meaning(match);
    }
    const lines = output.trim().split("\n").filter(Boolean).slice(-shownLines);
    return lines.length > 0 ? `it says:\n${lines.map((line) => `    ${line}`).join("\n")}` : "it says nothing.";
}
