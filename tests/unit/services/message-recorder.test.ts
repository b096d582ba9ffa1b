import { strict as assert } from "node:assert";
import { once } from "node:events";
import net from "node:net";
import { MessageRecorder, type RecordedMessage } from "../../../services/sample-app/message-recorder";

describe("Sample app: the recorder of messages", () => {
    let recorder: MessageRecorder;
    let url: string;
    let smtpPort: number;

    before(async () => {
        recorder = new MessageRecorder({ host: "127.0.0.1", port: 0, smtpPort: 0 });
        const ports = await recorder.listen();
        url = `http://127.0.0.1:${ports.port}`;
        smtpPort = ports.smtpPort;
    });

    after(() => recorder.stop());

    const post = (path: string, body: unknown) =>
        fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body), headers: { connection: "close" } });
    const messages = async (after = 0) =>
        (await (
            await fetch(`${url}/messages?after=${after}`, { headers: { connection: "close" } })
        ).json()) as RecordedMessage[];
    /** The number of the last message. */
    const last = async () => (await messages()).at(-1)?.number ?? 0;

    it("E14 remembers channel, title and text of what Slack would show, and answers as Slack does", async () => {
        const before = await last();
        const response = await post("/slack", {
            channel: "#egovalertmanager",
            username: "Alertmanager",
            attachments: [{ title: "[FIRING:1] TestAlert", text: "🚨 *Alert Firing* ", color: "danger" }],
        });
        assert.equal(response.status, 200);
        assert.equal(await response.text(), "ok");
        const [message, ...others] = await messages(before);
        assert.deepEqual(others, []);
        const { number, at, ...content } = message!;
        assert.equal(number, before + 1);
        assert.ok(Math.abs(Date.now() - at) < 60_000);
        assert.deepEqual(content, {
            kind: "slack",
            channel: "#egovalertmanager",
            title: "[FIRING:1] TestAlert",
            text: "🚨 *Alert Firing*",
        });
    });

    it("C16 remembers what PagerDuty would be told, and answers as PagerDuty does", async () => {
        const before = await last();
        const event = { routing_key: "key", event_action: "trigger", dedup_key: "one", payload: { summary: "down" } };
        const response = await post("/pagerduty", event);
        assert.equal(response.status, 202);
        assert.deepEqual(await response.json(), { status: "success", dedup_key: "one" });
        const [{ kind, channel, title } = {} as RecordedMessage] = await messages(before);
        assert.deepEqual({ kind, channel, title }, { kind: "pagerduty", channel: "trigger", title: "down" });
    });

    it("refuses what Slack and PagerDuty refuse, and remembers none of it", async () => {
        const before = await last();
        assert.equal((await post("/slack", { channel: "#a" })).status, 400);
        assert.equal((await post("/pagerduty", { event_action: "trigger" })).status, 400);
        assert.equal((await post("/pagerduty", { routing_key: "k", event_action: "shout" })).status, 400);
        assert.equal((await post("/teams", {})).status, 404);
        assert.deepEqual(await messages(before), []);
    });

    it("C16 remembers a mail's receivers, subject and text", async () => {
        const before = await last();
        const socket = net.connect(smtpPort, "127.0.0.1");
        socket.setEncoding("utf8");
        const say = async (line: string, expected: number) => {
            if (line) socket.write(`${line}\r\n`);
            const [reply] = (await once(socket, "data")) as [string];
            assert.ok(reply.startsWith(String(expected)), `${line}: ${reply}`);
        };
        await say("", 220);
        await say("HELO alertmanager", 250);
        await say("MAIL FROM:<alerts@example.com>", 250);
        await say("RCPT TO:<ops@example.com>", 250);
        await say("DATA", 354);
        const mail = [
            "From: alerts@example.com",
            "To: ops@example.com",
            "Subject: =?UTF-8?q?[FIRING]_=EC=98=A4=EB=A5=98?=",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
            "",
            "=F0=9F=9A=A8 Alert Firing",
            ".",
        ].join("\r\n");
        await say(mail, 250);
        socket.end();
        const [{ kind, channel, title, text } = {} as RecordedMessage] = await messages(before);
        assert.deepEqual(
            { kind, channel, title, text },
            { kind: "email", channel: "ops@example.com", title: "[FIRING] 오류", text: "🚨 Alert Firing" },
        );
    });
});
