import type { RulesConfig } from "../../components/config/monitoring/rules";
import type { PlatformConfig } from "../../components/config/platform";
import { milliseconds } from "../../components/config/units";
import { counter, gauge, series, type ExpectedAlert, type InputSeries, type RuleCase } from "./promtool";

/**
 * The cases of every rule, made from the configured windows and thresholds. Their series have the labels that the proxies'
 * have, and their expectations say once more, without the rules' own code, what the documents want.
 */

type Labels = Readonly<Record<string, string>>;
type Phases = readonly (readonly [perStep: number, steps: number])[];

/** Service that the cases are about. */
const service = "order-api";

/** Steps in a window: enough for a rate, few enough to be computed at once. */
const stepsInWindow = 10;

export function ruleCases(config: PlatformConfig, rules: RulesConfig): RuleCase[] {
    return [
        ...(config.egov.enabled ? circuitBreakerCases(config, rules) : []),
        ...(config.ecommerce.enabled
            ? [
                  ...errorRateCases(config, rules),
                  ...latencyCases(config, rules),
                  ...podCases(config, rules),
                  ...overflowCases(config, rules),
                  ...budgetCases(config, rules),
                  ...signalCases(config, rules),
                  ...errorRatioCases(config, rules),
              ]
            : []),
    ];
}

/** When a condition that holds from the first step on has been one for long enough, in steps. */
function timing({ window = "0ms", held }: { window?: string; held: string }, step: number) {
    const steps = (duration: string) => Math.ceil(milliseconds(duration) / step);
    return { firing: steps(window) + steps(held) + 2, drained: steps(window) + 2 };
}

const stepOf = (window: string, parts = stepsInWindow) => milliseconds(window) / parts;

/** The firing alerts of a name in a group; the empty list where none fires. */
const firing = (name: string, labels: Labels, annotations: Labels): { name: string; expected: ExpectedAlert[] } => ({
    name,
    expected: [{ labels, annotations }],
});
const none = (name: string) => ({ name, expected: [] });

/** What `ALERTS` says of an alert in a state. */
const state = (alertname: string, alertstate: "pending" | "firing", labels: Labels, there: boolean) => {
    const all = { alertname, alertstate, ...labels };
    return { expr: series("ALERTS", all), samples: there ? [{ labels: series("ALERTS", all), value: 1 }] : [] };
};

/** E12. */
function circuitBreakerCases({ egov }: PlatformConfig, { circuitBreaker }: RulesConfig): RuleCase[] {
    const rule = "CircuitBreakerAlerts/CircuitBreakerOpen";
    const name = "CircuitBreakerOpen";
    const step = stepOf(circuitBreaker.window);
    const { firing: at, drained } = timing({ window: circuitBreaker.window, held: circuitBreaker.for }, step);
    const errors = circuitBreaker.errors ?? egov.outlierDetection.consecutive5xxErrors;
    const host = `egov-hello.${egov.namespaces.app}.svc.cluster.local`;
    const requests = (reporter: string, namespace: string, response_code: string, phases: Phases): InputSeries => ({
        series: series("istio_requests_total", {
            ...{ reporter, namespace, response_code, response_flags: "-", destination_service: host },
            ...{ destination_service_name: "egov-hello", destination_service_namespace: egov.namespaces.app },
        }),
        values: counter(...phases),
    });
    /** The gateway and the pod both tell of every request. */
    const both = (response_code: string, ...phases: Phases) => [
        requests("source", "istio-system", response_code, phases),
        requests("destination", egov.namespaces.app, response_code, phases),
    ];
    const alert = firing(
        name,
        { severity: "critical", service: "egov-hello", destination_service: host },
        {
            summary: "Circuit Breaker Opened for egov-hello",
            description: `${errors}회 이상 연속 오류 발생`,
        },
    );
    const labels = { destination_service: host, severity: "critical", service: "egov-hello" };
    return [
        { rule, kind: "fires", step, at, input: both("500", [errors, at + 1]), alerts: alert },
        {
            // Before the time is over it is pending, which tells nobody.
            ...{ rule, kind: "is quiet", step: stepOf(circuitBreaker.for, 4), at: 3 },
            ...{ input: both("500", [errors * 10, 4]), alerts: none(name) },
            expressions: [state(name, "pending", labels, true), state(name, "firing", labels, false)],
        },
        {
            // Fewer errors than it takes, among many answers.
            ...{ rule, kind: "is quiet", step, at, alerts: none(name) },
            input: [...both("200", [10, at + 1]), ...both("500", [0, 2], [Math.floor((errors - 1) / 2), 1], [0, at])],
        },
        {
            ...{ rule, kind: "resolves", step, at: at + drained, alerts: none(name) },
            input: [...both("200", [10, at + drained + 1]), ...both("500", [errors, at], [0, drained + 1])],
        },
    ];
}

/** Requests to the service, as a proxy in its namespace tells of them. */
function requestsTo(
    config: PlatformConfig,
    labels: Labels & { readonly response_code: string },
    phases: Phases,
): InputSeries {
    const { namespace } = config.ecommerce;
    return {
        series: series("istio_requests_total", {
            ...{ reporter: "destination", namespace, response_flags: "-" },
            ...{ destination_service: `${service}.${namespace}.svc.cluster.local` },
            ...{ destination_service_name: service, destination_service_namespace: namespace },
            ...labels,
        }),
        values: counter(...phases),
    };
}

/** C16. */
function errorRateCases(config: PlatformConfig, { highErrorRate }: RulesConfig): RuleCase[] {
    const rule = "ecommerce-services/HighErrorRate";
    const name = "HighErrorRate";
    const step = stepOf(highErrorRate.window);
    const { firing: at, drained } = timing({ window: highErrorRate.window, held: highErrorRate.for }, step);
    /** Requests of which a share fails: one in so many. */
    const traffic = (oneIn: number, ...phases: readonly (readonly [failing: boolean, steps: number])[]) => [
        requestsTo(
            config,
            { response_code: "200" },
            phases.map(([failing, steps]) => [oneIn - (failing ? 1 : 0), steps] as const),
        ),
        requestsTo(
            config,
            { response_code: "503" },
            phases.map(([failing, steps]) => [failing ? 1 : 0, steps] as const),
        ),
    ];
    const { above } = highErrorRate;
    return [
        {
            ...{ rule, kind: "fires", step, at, input: traffic(50 / above, [true, at + 1]) },
            alerts: firing(
                name,
                { severity: "critical", service, destination_service_name: service },
                {
                    summary: `High error rate on ${service}`,
                    description: `Error rate is ${Number((2 * above).toPrecision(4))}%`,
                },
            ),
        },
        { rule, kind: "is quiet", step, at, input: traffic(200 / above, [true, at + 1]), alerts: none(name) },
        {
            ...{ rule, kind: "is quiet", step, at: Math.floor(milliseconds(highErrorRate.for) / step) - 1 },
            ...{ input: traffic(50 / above, [true, at + 1]), alerts: none(name) },
        },
        {
            ...{ rule, kind: "resolves", step, at: at + drained, alerts: none(name) },
            input: traffic(50 / above, [true, at], [false, drained + 1]),
        },
    ];
}

/** C16. */
function latencyCases({ ecommerce: { namespace } }: PlatformConfig, { highLatency }: RulesConfig): RuleCase[] {
    const rule = "ecommerce-services/HighLatency";
    const name = "HighLatency";
    const step = stepOf(highLatency.window);
    const { firing: at, drained } = timing({ window: highLatency.window, held: highLatency.for }, step);
    const limit = milliseconds(highLatency.above);
    /** Answers of which a share is between the limit and twice as long, and the rest below half of it. */
    const answers = (...phases: readonly (readonly [slow: number, steps: number])[]) =>
        (
            [
                [String(limit / 2), (slow: number) => 100 - slow],
                [String(limit), (slow: number) => 100 - slow],
                [String(limit * 2), () => 100],
                ["+Inf", () => 100],
            ] as const
        ).map(([le, count]): InputSeries => ({
            series: series("istio_request_duration_milliseconds_bucket", {
                ...{ le, reporter: "destination", namespace, response_code: "200" },
                ...{ destination_service_name: service, destination_service_namespace: namespace },
            }),
            values: counter(...phases.map(([slow, steps]) => [count(slow), steps] as const)),
        }));
    return [
        {
            ...{ rule, kind: "fires", step, at, input: answers([100, at + 1]) },
            alerts: firing(
                name,
                { severity: "warning", service, destination_service_name: service },
                { summary: `High latency on ${service}`, description: `P95 latency is ${1.95 * limit}ms` },
            ),
        },
        { rule, kind: "is quiet", step, at, input: answers([4, at + 1]), alerts: none(name) },
        {
            ...{ rule, kind: "is quiet", step, at: Math.floor(milliseconds(highLatency.for) / step) - 1 },
            ...{ input: answers([100, at + 1]), alerts: none(name) },
        },
        {
            ...{ rule, kind: "resolves", step, at: at + drained, alerts: none(name) },
            input: answers([100, at], [0, drained + 1]),
        },
    ];
}

/** C16. */
function podCases({ ecommerce: { namespace, replicas } }: PlatformConfig, { podDown }: RulesConfig): RuleCase[] {
    const rule = "ecommerce-services/PodDown";
    const name = "PodDown";
    const step = stepOf(podDown.for);
    const { firing: at } = timing({ held: podDown.for }, step);
    const pods = (...available: readonly (readonly [number, number])[]): InputSeries[] => [
        {
            series: series("kube_deployment_status_replicas_available", { namespace, deployment: service }),
            values: gauge(...available),
        },
        {
            series: series("kube_deployment_spec_replicas", { namespace, deployment: service }),
            values: gauge([replicas, 3 * at]),
        },
    ];
    return [
        {
            ...{ rule, kind: "fires", step, at, input: pods([replicas - 1, at + 1]) },
            alerts: firing(
                name,
                { severity: "critical", service, namespace, deployment: service },
                { summary: `Pod down in ${service}`, description: `Available: ${replicas - 1}` },
            ),
        },
        { rule, kind: "is quiet", step, at, input: pods([replicas, at + 1]), alerts: none(name) },
        // A pod that is replaced in time.
        {
            ...{ rule, kind: "is quiet", step, at, alerts: none(name) },
            input: pods([replicas - 1, stepsInWindow - 1], [replicas, at]),
        },
        {
            ...{ rule, kind: "resolves", step, at: at + 2, alerts: none(name) },
            input: pods([replicas - 1, at + 1], [replicas, at]),
        },
    ];
}

/** C16. */
function overflowCases(config: PlatformConfig, { overflow }: RulesConfig): RuleCase[] {
    const rule = "ecommerce-services/CircuitBreakerOpen";
    const name = "CircuitBreakerOpen";
    const step = stepOf(overflow.window);
    const { firing: at, drained } = timing({ window: overflow.window, held: overflow.for }, step);
    const answers = (response_code: string, response_flags: string, ...phases: Phases) =>
        requestsTo(config, { reporter: "source", response_code, response_flags }, phases);
    return [
        {
            ...{ rule, kind: "fires", step, at },
            input: [answers("200", "-", [10, at + 1]), answers("503", "UO", [1, at + 1])],
            alerts: firing(
                name,
                { severity: "warning", service, destination_service_name: service },
                { summary: `Circuit breaker open for ${service}` },
            ),
        },
        // Other errors, of pods and of the network.
        {
            ...{ rule, kind: "is quiet", step, at, alerts: none(name) },
            input: [answers("503", "UF", [10, at + 1]), answers("500", "-", [10, at + 1])],
        },
        {
            ...{ rule, kind: "resolves", step, at: at + drained, alerts: none(name) },
            input: [answers("200", "-", [10, at + drained + 1]), answers("503", "UO", [1, at], [0, drained + 1])],
        },
    ];
}

/** The gateway tells of requests to the service, of which a share fails. */
function fromGateway(
    config: PlatformConfig,
    failing: readonly (readonly [share: number, steps: number])[],
    perStep = 10_000,
): InputSeries[] {
    const told = { reporter: "source", namespace: "istio-system" };
    return [
        requestsTo(
            config,
            { ...told, response_code: "200" },
            failing.map(([share, steps]) => [perStep * (1 - share), steps] as const),
        ),
        requestsTo(
            config,
            { ...told, response_code: "503" },
            failing.map(([share, steps]) => [perStep * share, steps] as const),
        ),
    ];
}

/** Burn rates. */
function budgetCases(config: PlatformConfig, { objective }: RulesConfig): RuleCase[] {
    const budget = 1 - objective.availability / 100;
    return objective.burnRates.flatMap(({ factor, long, short, for: held, severity }): RuleCase[] => {
        const rule = `error-budget/ErrorBudgetBurn/${long}`;
        const name = "ErrorBudgetBurn";
        // Not so long that a recorded value is forgotten before the next one.
        const step = Math.min(stepOf(short), 60_000);
        const { firing: at, drained } = timing({ window: short, held }, step);
        const labels = { destination_service_name: service, window: long, severity, service };
        const all = { ...labels, destination_service_namespace: config.ecommerce.namespace };
        const isFiring = (there: boolean) => [state(name, "firing", all, there)];
        const tooFast = Math.min(1, factor * budget * 1.5);
        return [
            {
                ...{ rule, kind: "fires", step, at, input: fromGateway(config, [[tooFast, at + 1]]) },
                expressions: isFiring(true),
            },
            {
                ...{ rule, kind: "is quiet", step, at },
                ...{ input: fromGateway(config, [[factor * budget * 0.8, at + 1]]), expressions: isFiring(false) },
            },
            {
                ...{ rule, kind: "resolves", step, at: at + drained, expressions: isFiring(false) },
                input: fromGateway(config, [
                    [tooFast, at],
                    [0, drained + 1],
                ]),
            },
        ];
    });
}

/** C15. */
function signalCases(config: PlatformConfig, { goldenSignals: windows }: RulesConfig): RuleCase[] {
    const { namespace } = config.ecommerce;
    const ofService = { destination_service_name: service, destination_service_namespace: namespace };
    const ofWorkload = { namespace, workload: service };
    const recorded = (record: string, labels: Labels, value: number) => [
        { expr: record, samples: [{ labels: series(record, labels), value }] },
    ];
    const nothing = (record: string) => [{ expr: record, samples: [] }];
    const pod = { namespace, pod: `${service}-5964b5f9bc-8ll89` };
    const cpuStep = stepOf(windows.saturation);
    const steps = 3 * stepsInWindow;
    const container = (name: string, labels: Labels, values: string): InputSeries => ({
        series: series(name, { ...pod, ...labels }),
        values,
    });
    const latency = "service:istio_request_duration_milliseconds:p95";
    const traffic = "service:istio_requests:rate";
    const errors = "service:istio_requests:error_ratio";
    const cpu = "workload:container_cpu:request_utilization";
    const memory = "workload:container_memory:limit_utilization";
    const bucket = (le: string, perStep: number): InputSeries => ({
        series: series("istio_request_duration_milliseconds_bucket", {
            ...{ le, reporter: "source", namespace: "istio-system", response_code: "200" },
            ...ofService,
        }),
        values: counter([perStep, steps]),
    });
    const trafficStep = stepOf(windows.traffic);
    const errorsStep = stepOf(windows.errors);
    const at = 2 * stepsInWindow;
    // What the pod tells beside the gateway is the same request.
    const told = requestsTo(config, { response_code: "200" }, [[10_000, steps]]);
    const rule = (record: string) => `golden-signals/${record}`;
    return [
        {
            ...{ rule: rule(latency), kind: "records", step: stepOf(windows.latency), at },
            input: [bucket("100", 0), bucket("200", 100), bucket("+Inf", 100)],
            expressions: recorded(latency, ofService, 195),
        },
        {
            ...{ rule: rule(latency), kind: "records nothing", step: stepOf(windows.latency), at },
            ...{ input: [], expressions: nothing(latency) },
        },
        {
            ...{ rule: rule(traffic), kind: "records", step: trafficStep, at },
            input: [...fromGateway(config, [[0, steps]]), told],
            expressions: recorded(traffic, ofService, 10_000 / (trafficStep / 1000)),
        },
        {
            ...{ rule: rule(traffic), kind: "records nothing", step: trafficStep, at },
            ...{ input: [told], expressions: nothing(traffic) },
        },
        {
            ...{ rule: rule(errors), kind: "records", step: errorsStep, at },
            input: [...fromGateway(config, [[0.25, steps]]), told],
            expressions: recorded(errors, ofService, 0.25),
        },
        {
            // No errors are a share of 0.
            ...{ rule: rule(errors), kind: "records", step: errorsStep, at },
            input: fromGateway(config, [[0, steps]]).slice(0, 1),
            expressions: recorded(errors, ofService, 0),
        },
        {
            ...{ rule: rule(errors), kind: "records nothing", step: errorsStep, at },
            ...{ input: [told], expressions: nothing(errors) },
        },
        {
            ...{ rule: rule(cpu), kind: "records", step: cpuStep, at },
            input: [
                // Half of what two containers request; the series of the whole pod is not counted again.
                container(
                    "container_cpu_usage_seconds_total",
                    { container: "app" },
                    counter([0.5 * (cpuStep / 1000), steps]),
                ),
                container(
                    "container_cpu_usage_seconds_total",
                    { container: "istio-proxy" },
                    counter([0.25 * (cpuStep / 1000), steps]),
                ),
                container("container_cpu_usage_seconds_total", {}, counter([0.75 * (cpuStep / 1000), steps])),
                container(
                    "kube_pod_container_resource_requests",
                    { container: "app", resource: "cpu" },
                    gauge([1, steps]),
                ),
                container(
                    "kube_pod_container_resource_requests",
                    { container: "istio-proxy", resource: "cpu" },
                    gauge([0.5, steps]),
                ),
            ],
            expressions: recorded(cpu, ofWorkload, 0.5),
        },
        {
            ...{ rule: rule(cpu), kind: "records nothing", step: cpuStep, at },
            ...{ input: [], expressions: nothing(cpu) },
        },
        {
            ...{ rule: rule(memory), kind: "records", step: cpuStep, at },
            input: [
                container("container_memory_working_set_bytes", { container: "app" }, gauge([64e6, steps])),
                container("container_memory_working_set_bytes", {}, gauge([65e6, steps])),
                container(
                    "kube_pod_container_resource_limits",
                    { container: "app", resource: "memory" },
                    gauge([256e6, steps]),
                ),
            ],
            expressions: recorded(memory, ofWorkload, 0.25),
        },
        {
            ...{ rule: rule(memory), kind: "records nothing", step: cpuStep, at },
            ...{ input: [], expressions: nothing(memory) },
        },
    ];
}

/** What the alerts of the budget compare. */
function errorRatioCases(config: PlatformConfig, { objective }: RulesConfig): RuleCase[] {
    const windows = new Set(objective.burnRates.flatMap(({ long, short }) => [long, short]));
    const ofService = { destination_service_name: service, destination_service_namespace: config.ecommerce.namespace };
    return [...windows].flatMap((window): RuleCase[] => {
        const record = `service:istio_requests:error_ratio_rate${window}`;
        const rule = `error-ratios/${record}`;
        const at = 2 * stepsInWindow;
        const step = stepOf(window);
        return [
            {
                ...{ rule, kind: "records", step, at, input: fromGateway(config, [[0.02, at + 1]]) },
                expressions: [{ expr: record, samples: [{ labels: series(record, ofService), value: 0.02 }] }],
            },
            {
                ...{ rule, kind: "records nothing", step, at, input: [] },
                expressions: [{ expr: record, samples: [] }],
            },
        ];
    });
}
