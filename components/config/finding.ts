/** A contradiction in a configuration: the path of the value to change, and why. */
export type Finding = [path: string, message: string];

/** The finding where it holds, as a list. */
export const when = (holds: boolean, finding: Finding): Finding[] => (holds ? [finding] : []);
