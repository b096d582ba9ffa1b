import { DeadlineExceeded, seconds, until } from "../../wait";
import { fail } from "./answers";
import type { Alerting, Message } from "./alerting";

/** Messages about alerts: what they must say, and when they must be there. */

/** Milliseconds that a message may be late: sending it, and a busy machine. */
const late = 10_000;

/** What the guide's text tells of an alert (E13). */
export interface ToldAlert {
    summary: string;
    /** Default: none, as in the document's CircuitBreakerOpen (C16). */
    description?: string;
    service: string;
    severity: string;
}

/** The guide's text of a message about one alert (E13), without doubled spaces. */
export function slackText(
    status: "firing" | "resolved",
    { summary, description = "", service, severity }: ToldAlert,
): string {
    const heading = status === "firing" ? "🚨 *Alert Firing*" : "✅ *Alert Resolved*";
    return oneLine(
        `${heading} *Alert:* ${summary} *Description:* ${description} *Service:* ${service} *Severity:* ${severity} *Status:* ${status}`,
    );
}

/** A text without the spaces that a template leaves. */
export const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

export interface ExpectedMessage {
    /** For example `Slack is told of HighErrorRate`. */
    what: string;
    /** Which message it is, whatever else it says. */
    is(message: Message): boolean;
    /** What it must say, compared without doubled spaces; in it `{value}` stands for a number that nobody knows before. */
    wanted: Partial<Pick<Message, "channel" | "title" | "text">>;
    /** Number of the last message before. */
    after: number;
    /** Milliseconds in which it is declared to come. */
    wait: number;
    signal: AbortSignal;
}

/** Waits for a message and compares what it says. */
export async function awaitMessage(
    alerting: Alerting,
    { what, is, wanted, after, wait, signal }: ExpectedMessage,
): Promise<Message> {
    const limit = wait + late;
    let all: Message[] = [];
    let found: Message;
    try {
        found = await until(
            what,
            async () => {
                all = await alerting.messages(after);
                return all.find(is);
            },
            { deadline: limit, interval: 250, signal },
        );
    } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
        return fail({
            expected: `${what} within ${seconds(limit)}`,
            seen: all.map(brief).join("; ") || "no message at all",
            cause: "the alert does not reach Alertmanager, no branch leads to the receiver, the receiver cannot send, or it waits longer than declared",
            action: "the saved log of Alertmanager says what it has sent; kubectl -n the monitoring's namespace get secret alertmanager-config",
            evidence: { "messages.json": JSON.stringify(all, undefined, 2) },
        });
    }
    const problems = (Object.keys(wanted) as (keyof typeof wanted)[]).filter(
        (key) => !says(found[key], wanted[key] ?? ""),
    );
    if (problems.length === 0) return found;
    return fail({
        expected: problems.map((key) => `${key} "${wanted[key]}"`).join(", "),
        seen: problems.map((key) => `${key} "${found[key]}"`).join(", "),
        cause: "the receiver in the Secret alertmanager-config, or the labels and annotations of the rule, differ from what is declared",
        action: "compare monitoring.receivers and the ConfigMap prometheus-rules with the saved message",
        evidence: { "messages.json": JSON.stringify(all, undefined, 2) },
    });
}

/** Whether a text is another one, in which `{value}` stands for any number, with a unit or without. */
function says(text: string, wanted: string): boolean {
    const parts = oneLine(wanted)
        .split("{value}")
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join("[\\d.e+-]+")}$`).test(oneLine(text));
}

const brief = ({ kind, channel, title }: Message) => `${kind} ${channel}: ${title}`;
