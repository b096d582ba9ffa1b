import { strict as assert } from "node:assert";
import { recordsMessages } from "../../../components/config/monitoring/secrets";
import { platform } from "../../../components/config/platform";
import { validateConfig } from "../../../components/config/validate";
import { checked } from "../../../components/monitoring/alertmanager-settings";
import { runProgram, stackFileConfig } from "../../support/program";

const email = {
    to: ["ops@example.com"],
    from: "a@example.com",
    smarthost: { host: "mail.example.com" },
    username: "a",
};
const url = "https://hooks.slack.com/services/T0/B0/abcdef";

/** Problems of a configuration, by path. */
function problemsOf(input: object): string[] {
    const result = validateConfig({ cluster: { kind: "embedded" }, ...input });
    return result.ok ? [] : result.problems;
}
const monitored = (receivers: object, more: object = {}) => ({ monitoring: { enabled: true, receivers }, ...more });

describe("Monitoring: secrets of the receivers", () => {
    it("E13 whoever is to be told needs the secret that proves who asks, each by its path", () => {
        const problems = problemsOf(monitored({ recorder: false, pagerduty: {}, email }));
        assert.deepEqual(
            problems.map((problem) => problem.replace(/: its secret.*--path /, " ").replace(/ VALUE.*/, "")),
            [
                "istio-platform:monitoring.receivers.slack alertingSecrets.slackWebhookUrl",
                "istio-platform:monitoring.receivers.pagerduty alertingSecrets.pagerdutyRoutingKey",
                "istio-platform:monitoring.receivers.email.username alertingSecrets.smtpPassword",
            ],
        );
        const alertingSecrets = { slackWebhookUrl: url, pagerdutyRoutingKey: "k", smtpPassword: "p" };
        assert.deepEqual(problemsOf(monitored({ pagerduty: {}, email }, { alertingSecrets })), []);
    });

    it("of a secret the configuration knows that it is there, and nothing else", () => {
        const input = { cluster: { kind: "embedded" }, alertingSecrets: { slackWebhookUrl: url } };
        const config = platform.parse(input);
        assert.deepEqual(config.alertingSecrets, { slackWebhookUrl: true });
        assert.ok(!JSON.stringify(config).includes(url));
        // What the suite is told is read by the same schema again.
        assert.deepEqual(platform.parse(config).alertingSecrets, { slackWebhookUrl: true });
        assert.match(problemsOf({ alertingSecrets: { slackWebhook: url } })[0]!, /did you mean "slackWebhookUrl"/);
    });

    it("without secrets the messages of a test cluster are recorded, and nobody else gets them", () => {
        const plain = platform.parse({ cluster: { kind: "embedded" } });
        assert.equal(recordsMessages(plain), true);
        const real = platform.parse({ cluster: { kind: "embedded" }, alertingSecrets: { slackWebhookUrl: url } });
        assert.equal(recordsMessages(real), false);
        const problems = problemsOf(monitored({ recorder: true }, { sampleImage: { app: "http-echo" } }));
        assert.ok(problems.some((problem) => /monitoring\.receivers\.recorder: .*sample app/.test(problem)));
    });

    it("a secret that cannot be one is refused without repeating it", () => {
        assert.equal(checked("slackWebhookUrl", `${url}\n`), url);
        for (const wrong of ["http://hooks.slack.com/s3cret", "s3cret", "", 7, undefined])
            assert.throws(
                () => checked("slackWebhookUrl", wrong),
                ({ message }: Error) =>
                    /alertingSecrets\.slackWebhookUrl: must be/.test(message) && !/s3cret/.test(message),
            );
        assert.throws(() => checked("smtpPassword", " "), /must be a text/);
    });

    it("E13 the Secret alertmanager-config holds configuration and secrets, and no other object does", async () => {
        const { manifests } = await runProgram({
            config: {
                ...stackFileConfig("local"),
                monitoring: { enabled: true },
                alertingSecrets: { slackWebhookUrl: url },
            },
        });
        const holders = manifests.filter((manifest) => JSON.stringify(manifest).includes("hooks.slack.com"));
        assert.deepEqual(
            holders.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`),
            ["Secret egov-monitoring/alertmanager-config"],
        );
        const { stringData } = holders[0] as unknown as { stringData: Record<string, string> };
        assert.equal(stringData["slack-webhook-url"], url);
        assert.match(stringData["alertmanager.yaml"]!, /slack_api_url_file: \/etc\/alertmanager\/slack-webhook-url/);
    });
});

describe("Monitoring: contradictions of the rules", () => {
    const withPairs = (burnRates: object[], more: object = {}) =>
        problemsOf({ monitoring: { rules: { objective: { burnRates, ...more } } } });
    const pair = { factor: 14.4, long: "1h", short: "5m", severity: "critical" };

    it("windows that could show nothing, pairs that nobody could tell apart, rates that cannot be", () => {
        assert.deepEqual(withPairs([pair]), []);
        assert.match(withPairs([{ ...pair, short: "60m" }])[0]!, /burnRates\.0\.short: 60m is not shorter/);
        assert.match(withPairs([pair, pair])[0]!, /burnRates\.1\.long: 1h is already/);
        assert.match(withPairs([pair], { availability: 90 })[0]!, /burnRates\.0\.factor: .*144 % errors/);
    });

    it("a time that Prometheus cannot read", () => {
        assert.match(
            problemsOf({ monitoring: { rules: { podDown: { for: "1.5m" } } } })[0]!,
            /podDown\.for: must be a whole/,
        );
    });
});
