import http from "node:http";
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";

/**
 * Stands for Slack, PagerDuty and a mail server in test environments: it takes what Alertmanager sends them, answers as they
 * do, and remembers it (E13, E14, C16).
 *
 * | request | meaning |
 * |---|---|
 * | `POST /slack` | an incoming webhook of Slack |
 * | `POST /pagerduty` | PagerDuty's Events API v2 |
 * | `GET /messages?after=N` | what was taken, oldest first; those with a larger number than N alone |
 */

/** One message as a person would get it. */
export interface RecordedMessage {
    /** Counts from 1; of two messages the later one has the larger number. */
    readonly number: number;
    /** When it arrived: milliseconds since 1970. */
    readonly at: number;
    readonly kind: "slack" | "pagerduty" | "email";
    /** Slack's channel, PagerDuty's action (`trigger`, `resolve`), or the addresses of a mail. */
    readonly channel: string;
    /** Slack's title, PagerDuty's summary, or a mail's subject. */
    readonly title: string;
    readonly text: string;
}

export interface MessageRecorderOptions {
    readonly host: string | undefined;
    /** HTTP; 0 lets the system choose (tests). */
    readonly port: number;
    /** SMTP; 0 lets the system choose (tests). */
    readonly smtpPort: number;
}

/** Messages that are remembered; of more the oldest are forgotten. */
const CAPACITY = 1_000;
/** Bytes of the longest message that is taken. */
const LONGEST_MESSAGE = 1 << 20;

/** A message that makes no sense: answered with 400. */
class MessageError extends Error {}

export class MessageRecorder {
    private readonly messages: RecordedMessage[] = [];
    private count = 0;
    private readonly http = http.createServer((request, response) => void this.handle(request, response));
    private readonly smtp: SMTPServer;

    constructor(private readonly options: MessageRecorderOptions) {
        this.smtp = new SMTPServer({
            authOptional: true,
            disabledCommands: ["STARTTLS", "AUTH"],
            size: LONGEST_MESSAGE,
            onData: (stream, session, done) => {
                const chunks: Buffer[] = [];
                stream.on("data", (chunk: Buffer) => chunks.push(chunk));
                stream.on("end", () => {
                    const to = session.envelope.rcptTo.map(({ address }) => address).join(", ");
                    this.takeMail(to, Buffer.concat(chunks)).then(() => done(), done);
                });
            },
        });
    }

    /** Listens; resolves with the ports that were opened. */
    async listen(): Promise<{ port: number; smtpPort: number }> {
        const { host, port, smtpPort } = this.options;
        await new Promise<void>((resolve, reject) => {
            this.http.once("error", reject);
            this.http.listen({ port, host }, resolve);
        });
        await new Promise<void>((resolve, reject) => {
            this.smtp.once("error", reject);
            this.smtp.listen(smtpPort, host, resolve);
        });
        // A client that leaves in the middle of a mail is no reason to end.
        this.smtp.on("error", (error) => console.error(error.message));
        return { port: portOf(this.http.address()), smtpPort: portOf(this.smtp.server.address()) };
    }

    /** Takes no more, and finishes what is under way. */
    async stop(): Promise<void> {
        await Promise.all([
            new Promise<void>((resolve) => this.smtp.close(() => resolve())),
            new Promise<void>((resolve) => {
                this.http.close(() => resolve());
                this.http.closeIdleConnections();
            }),
        ]);
    }

    private async handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
        const url = new URL(request.url ?? "/", "http://recorder");
        const route = `${request.method} ${url.pathname}`;
        try {
            switch (route) {
                case "GET /health":
                    return answer(response, 200, "ok");
                case "GET /messages":
                    return answer(response, 200, this.after(Number(url.searchParams.get("after") ?? 0)));
                case "POST /slack":
                    this.record(slackMessage(await readJson(request)));
                    return answer(response, 200, "ok");
                case "POST /pagerduty": {
                    const event = await readJson(request);
                    this.record(pagerdutyMessage(event));
                    return answer(response, 202, { status: "success", dedup_key: event["dedup_key"] });
                }
                default:
                    return answer(response, 404, `nothing at ${route}`);
            }
        } catch (error) {
            answer(response, error instanceof MessageError ? 400 : 500, (error as Error).message);
        }
    }

    private after(number: number): RecordedMessage[] {
        return this.messages.filter((message) => message.number > number);
    }

    private async takeMail(to: string, raw: Buffer): Promise<void> {
        const { subject = "", text = "" } = await PostalMime.parse(raw);
        this.record({ kind: "email", channel: to, title: subject, text: text.trim() });
    }

    private record(message: Omit<RecordedMessage, "number" | "at">): void {
        this.messages.push({ number: ++this.count, at: Date.now(), ...message });
        if (this.messages.length > CAPACITY) this.messages.shift();
    }
}

type Json = Record<string, unknown>;
const object = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});

/** Slack needs a text, of its own or in an attachment. */
function slackMessage(body: Json): Omit<RecordedMessage, "number" | "at"> {
    const attachment = object((body["attachments"] as unknown[] | undefined)?.[0]);
    const text = body["text"] ?? attachment["text"];
    if (typeof text !== "string") throw new MessageError("no_text");
    return {
        kind: "slack",
        channel: String(body["channel"] ?? ""),
        title: String(attachment["title"] ?? ""),
        text: text.trim(),
    };
}

/** PagerDuty needs the integration's key and an action, and a summary of what it is to tell. */
function pagerdutyMessage(event: Json): Omit<RecordedMessage, "number" | "at"> {
    const { routing_key: key, event_action: action } = event;
    const payload = object(event["payload"]);
    if (typeof key !== "string" || key === "") throw new MessageError("'routing_key' is missing or blank");
    if (action !== "trigger" && action !== "resolve" && action !== "acknowledge")
        throw new MessageError("'event_action' is invalid");
    return {
        kind: "pagerduty",
        channel: action,
        title: String(payload["summary"] ?? ""),
        text: JSON.stringify(payload["custom_details"] ?? {}),
    };
}

async function readJson(request: http.IncomingMessage): Promise<Json> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > LONGEST_MESSAGE) throw new MessageError("too long");
        chunks.push(chunk);
    }
    try {
        return object(JSON.parse(Buffer.concat(chunks).toString("utf8")));
    } catch {
        throw new MessageError("not JSON");
    }
}

function answer(response: http.ServerResponse, status: number, body: unknown): void {
    const text = typeof body === "string";
    response.writeHead(status, { "content-type": text ? "text/plain" : "application/json" });
    response.end(text ? body : JSON.stringify(body));
}

function portOf(address: ReturnType<http.Server["address"]>): number {
    return typeof address === "object" && address ? address.port : 0;
}
