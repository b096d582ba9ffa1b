import { strict as assert } from "node:assert";
import { receivers } from "../../../components/config/monitoring/receivers";
import { alertmanagerConfig } from "../../../components/monitoring/alertmanager-config";
import { routeCases } from "../../alerts/route-cases";

const all = {
    pagerduty: {},
    email: {
        to: ["ops@example.com"],
        from: "alerts@example.com",
        smarthost: { host: "mail.example.com" },
        username: "alerts",
    },
};
const recorder = { slack: "http://recorder/slack", pagerduty: "http://recorder/pagerduty", smtp: "recorder:25" };

describe("Monitoring: the configuration of Alertmanager", () => {
    it("E13 groups, waits and repeats as the guide says, and tells Slack alone by default", () => {
        const { global, route, receivers: list } = alertmanagerConfig(receivers.parse({}));
        assert.deepEqual(global, {
            resolve_timeout: "5m",
            slack_api_url_file: "/etc/alertmanager/slack-webhook-url",
        });
        assert.deepEqual(route, {
            group_by: ["alertname", "service", "severity"],
            group_wait: "10s",
            group_interval: "10s",
            repeat_interval: "1h",
            receiver: "slack-notifications",
            routes: [{ matchers: ['severity="critical"'], receiver: "slack-notifications", continue: true }],
        });
        assert.equal(list.length, 1);
    });

    it("E13 Slack's channel and texts are the guide's, folded into one line as its YAML folds them", () => {
        const [slack] = alertmanagerConfig(receivers.parse({})).receivers;
        assert.deepEqual(slack, {
            name: "slack-notifications",
            slack_configs: [
                {
                    channel: "#egovalertmanager",
                    send_resolved: true,
                    text:
                        '{{ if eq .Status "firing" }}🚨 *Alert Firing*{{ else }}✅ *Alert Resolved*{{ end }} {{ range .Alerts }} ' +
                        "*Alert:* {{ .Annotations.summary }} *Description:* {{ .Annotations.description }} " +
                        "*Service:* {{ .Labels.service }} *Severity:* {{ .Labels.severity }} *Status:* {{ .Status }} {{ end }}",
                },
            ],
        });
    });

    it("C16 PagerDuty gets what is critical, mail what is a warning", () => {
        const { route } = alertmanagerConfig(receivers.parse(all));
        assert.deepEqual(
            route.routes.map(({ matchers, receiver }) => [matchers?.[0], receiver]),
            [
                ['severity="critical"', "slack-notifications"],
                ['severity="critical"', "pagerduty-critical"],
                ['severity="warning"', "slack-notifications"],
                ['severity="warning"', "email-warning"],
            ],
        );
    });

    it("no secret is in it: it names the files that have them", () => {
        const text = JSON.stringify(alertmanagerConfig(receivers.parse(all)));
        for (const file of ["slack-webhook-url", "pagerduty-routing-key", "smtp-password"])
            assert.ok(text.includes(`/etc/alertmanager/${file}`), file);
    });

    it("with a recorder everything goes there, and no secret is needed", () => {
        const text = JSON.stringify(alertmanagerConfig(receivers.parse(all), recorder));
        for (const address of Object.values(recorder)) assert.ok(text.includes(address), address);
        assert.doesNotMatch(text, /_file|pagerduty\.com|mail\.example\.com|hooks\.slack/);
    });

    it("every branch has a case, and every receiver", () => {
        for (const input of [{}, all]) {
            const config = receivers.parse(input);
            const { route, receivers: list } = alertmanagerConfig(config);
            const cases = routeCases(config);
            const reached = new Set(cases.flatMap(({ receivers }) => receivers));
            assert.deepEqual([...reached].sort(), list.map(({ name }) => name).sort());
            for (const { matchers = [], receiver } of route.routes) {
                const [, severity] = /severity="(\w+)"/.exec(matchers[0]!)!;
                const led = cases.filter(
                    ({ labels, receivers }) => labels["severity"] === severity && receivers.includes(receiver),
                );
                assert.ok(led.length > 0, `${severity} -> ${receiver} has no case`);
            }
        }
    });
});
