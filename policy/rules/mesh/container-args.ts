import { type Maybe, UNKNOWN } from "../../model/unknown";
import type { Container } from "../../model/workload";
import { at, type Rule } from "../rule";

/** Images that answer one text and exit without it: the documents' http-echo and the project's sample app. */
const ECHO_IMAGES = /(^|\/)(http-echo|istio-platform-sample-app)([:@]|$)/;

export const containerArgs: Rule = {
    id: "container-args",
    title: "An echo container is told what to answer (-text) or whom to ask (-forward)",
    reason: "The container exits at once with code 127 and its pod never becomes ready (CrashLoopBackOff).",
    fix: 'Set args to ["-listen=:5678", "-text=..."].',
    severity: "critical",
    enforcement: "mandatory",
    sources: ["C8 problem 3", "C1"],
    *check(mesh) {
        for (const workload of mesh.workloads)
            for (const container of workload.containers) {
                if (typeof container.image !== "string" || !ECHO_IMAGES.test(container.image)) continue;
                if (container.arguments === UNKNOWN || hasOtherTask(container)) continue;
                if (answers(container.arguments, /^--?(text|forward)$/)) continue;
                yield at(
                    workload,
                    container.field.get("args"),
                    `the container ${String(container.name)} (${container.image}) is started without -text or -forward: it exits with code 127`,
                    `add "-text=..." (the answer) to ${container.field.path}.args`,
                );
            }
    },
};

/** Whether a flag is given with a value, as `-flag=value` or as two arguments. Unknown arguments may be it. */
function answers(given: readonly Maybe<string>[], flag: RegExp): boolean {
    return given.some((argument, index) => {
        if (argument === UNKNOWN) return true;
        if (argument === undefined) return false;
        const equals = argument.indexOf("=");
        if (equals > 0) return flag.test(argument.slice(0, equals)) && argument.length > equals + 1;
        return flag.test(argument) && given[index + 1] !== undefined;
    });
}

/** The sample app's image also holds a client and a recorder of messages, started by their first argument. */
function hasOtherTask(container: Container): boolean {
    const known = ["client", "recorder"];
    return Array.isArray(container.arguments) && container.arguments.some((argument) => known.includes(argument));
}
