import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDuration } from "../../../services/sample-app/duration";
import { drawFault, readEnvironmentFaults } from "../../../services/sample-app/environment-faults";
import { faultOf } from "../../../services/sample-app/faults";
import { FlagError, lastValue, parseFlags } from "../../../services/sample-app/flags";
import { forwardedUrl } from "../../../services/sample-app/forward";
import { readServerOptions, serviceOfPod, StartError } from "../../../services/sample-app/options";
import { peerOf } from "../../../services/sample-app/peer";
import { Recorder } from "../../../services/sample-app/recorder";
import { Turns } from "../../../services/sample-app/turns";

describe("sample app: flags as Go reads them", () => {
    const flags = (...args: string[]) => parseFlags(args, ["listen", "text"]);

    for (const args of [["-listen=:5678"], ["-listen", ":5678"], ["--listen=:5678"], ["--listen", ":5678"]])
        it(args.join(" "), () => assert.equal(lastValue(flags(...args), "listen"), ":5678"));

    it("keeps = and newlines in a value, and an empty value", () => {
        assert.equal(lastValue(flags("-text=a=b\nc"), "text"), "a=b\nc");
        assert.equal(lastValue(flags("-text="), "text"), "");
    });
    it("takes the last of several values", () => assert.equal(lastValue(flags("-text=a", "-text=b"), "text"), "b"));
    it("ends at -- and at the first argument that is no flag", () => {
        assert.deepEqual(flags("-text=a", "--", "-listen").rest, ["-listen"]);
        assert.deepEqual(flags("word", "-text=a").rest, ["word", "-text=a"]);
    });
    it("refuses unknown flags and missing values", () => {
        assert.throws(() => flags("-port=1"), FlagError);
        assert.throws(() => flags("-text"), FlagError);
    });
});

describe("sample app: options", () => {
    const cases: [string[], number, RegExp][] = [
        [[], 127, /Missing -text/],
        [["-text=a", "more"], 127, /Too many arguments/],
        [["-text=a", "-forward=http://b/"], 127, /exclude each other/],
        [["-text=a", "-listen=5678"], 2, /-listen/],
        [["-text=a", "-listen=:70000"], 2, /-listen/],
        [["-forward=b"], 2, /-forward/],
        [["-text=a", "-status-code=99"], 2, /-status-code/],
        [["-text=a", "-grace=2"], 2, /-grace/],
    ];
    const environments: [string, string][] = [
        ["TIMING_50_PERCENTILE", "soon"],
        ["TIMING_VARIANCE", "10"],
        ["ERROR_RATE", "75"],
        ["ERROR_CODE", "200"],
    ];
    for (const [args, exitCode, message] of cases)
        it(`${args.join(" ") || "nothing"} exits ${exitCode}`, () =>
            assert.throws(
                () => readServerOptions(args, {}),
                (error) => error instanceof StartError && error.exitCode === exitCode && message.test(error.message),
            ));

    for (const [name, value] of environments)
        it(`${name}=${value} exits 2`, () =>
            assert.throws(
                () => readServerOptions(["-text=a"], { [name]: value }),
                (error) => error instanceof StartError && error.exitCode === 2 && error.message.includes(name),
            ));

    it("keeps the path of each request when -forward has none of its own", () => {
        const to = (forward: string, asked: string) => {
            const options = readServerOptions([`-forward=${forward}`], {});
            return forwardedUrl(options.forward!, new URL(asked, "http://pod")).href;
        };
        assert.equal(to("http://catalog:80", "/items?page=2"), "http://catalog/items?page=2");
        assert.equal(to("http://catalog:8080", "/"), "http://catalog:8080/");
        assert.equal(to("http://hello/a/b", "/items?page=2"), "http://hello/a/b");
        assert.equal(to("http://hello/", "/items"), "http://hello/");
    });

    it("takes host and port apart", () => {
        const listen = (text: string) => {
            const { host, port } = readServerOptions(["-text=a", "-listen", text], {});
            return [host, port];
        };
        assert.deepEqual(listen(":5678"), [undefined, 5678]);
        assert.deepEqual(listen("127.0.0.1:80"), ["127.0.0.1", 80]);
        assert.deepEqual(listen("[::1]:80"), ["::1", 80]);
    });

    it("names the service by its pod", () => {
        assert.equal(serviceOfPod("egov-hello-v1-5c9f7d6b8-x2x4z"), "egov-hello-v1");
        assert.equal(serviceOfPod("machine"), "machine");
    });
});

describe("sample app: durations", () => {
    it("knows ms, s, m, h", () =>
        assert.deepEqual(["250ms", "12s", "1.5m", "1h"].map(parseDuration), [250, 12_000, 90_000, 3_600_000]));
    for (const text of ["12", "s", "-1s", "1d", ""])
        it(`refuses "${text}"`, () => assert.throws(() => parseDuration(text), RangeError));
});

describe("sample app: faults by the environment", () => {
    const draw = (env: Record<string, string>, ...random: number[]) =>
        drawFault(readEnvironmentFaults(env), () => random.shift() ?? 0.5);

    it("none by default, whatever chance says", () =>
        assert.deepEqual(draw({}, 0, 0), { delay: 0, inTurn: false, status: undefined, grpcStatus: undefined }));
    it("T8 a delay within its variance", () => {
        const slow = { TIMING_50_PERCENTILE: "1000ms", TIMING_VARIANCE: "10ms" };
        assert.deepEqual([draw(slow, 0).delay, draw(slow, 0.5).delay, draw(slow, 1).delay], [990, 1000, 1010]);
    });
    it("T11 errors at their rate", () => {
        const failing = { ERROR_RATE: "0.75", ERROR_CODE: "503" };
        assert.deepEqual([draw(failing, 0.74).status, draw(failing, 0.75).status], [503, undefined]);
    });
});

describe("sample app: faults by request headers", () => {
    const headers = { "x-test-fail-attempts": "1", "x-test-status": "503", "x-test-grpc-status": "14" };

    it("a failure tells its gRPC status too, a success does not", () => {
        assert.deepEqual(faultOf(headers, 1, "pod"), { delay: 0, inTurn: false, status: 503, grpcStatus: 14 });
        assert.deepEqual(faultOf(headers, 2, "pod"), {
            delay: 0,
            inTurn: false,
            status: undefined,
            grpcStatus: undefined,
        });
    });
    it("are obeyed by the pods that x-test-pods names only", () => {
        const only = { ...headers, "x-test-pods": "backend-1" };
        assert.equal(faultOf(only, 1, "backend-1-5c9f7d6b8-x2x4z").status, 503);
        assert.equal(faultOf(only, 1, "backend-2-5c9f7d6b8-x2x4z").status, undefined);
    });
});

describe("sample app: recorder", () => {
    it("counts the requests of every key that begins with a prefix", () => {
        const recorder = new Recorder();
        const request = { attempt: 1, host: "pod", peer: null, from: "10.0.0.1" };
        for (const key of ["run/a", "run/a", "run/b", "other"]) recorder.record(key, request);
        assert.deepEqual(recorder.counts("run/"), { "run/a": 2, "run/b": 1 });
    });

    it("never remembers more than its capacity, and always the newest request", () => {
        fc.assert(
            fc.property(
                fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 200 }),
                fc.integer({ min: 1, max: 20 }),
                (keys, capacity) => {
                    const recorder = new Recorder(capacity);
                    keys.forEach((key, index) =>
                        recorder.record(`k${key}`, { attempt: index, host: "pod", peer: null, from: "10.0.0.1" }),
                    );
                    const kept = Array.from({ length: 10 }, (_, key) => recorder.list(`k${key}`)).flat();
                    assert.ok(kept.length <= capacity);
                    if (keys.length > 0) assert.ok(kept.some(({ attempt }) => attempt === keys.length - 1));
                },
            ),
        );
    });
});

describe("sample app: the caller's identity", () => {
    const own = "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway";
    const cases: [title: string, header: string | undefined, peer: string | null][] = [
        ["is nobody without mutual TLS", undefined, null],
        ["is the URI of the element", `By=spiffe://x;Hash=abc;Subject="";URI=${own}`, own],
        ["is what the own sidecar added last, whatever came before", `By=a;URI=spiffe://forged,By=b;URI=${own}`, own],
        ["is not misled by separators in a quoted subject", `Subject="CN=a,O=b;URI=forged";URI=${own}`, own],
        ["is nobody where the last element has none", `URI=${own},By=b;Hash=abc`, null],
    ];
    for (const [title, header, peer] of cases)
        it(title, () => assert.equal(peerOf({ "x-forwarded-client-cert": header }), peer));
});

describe("sample app: turns", () => {
    it("who comes later waits for who was before, and for nobody after that", () => {
        const turns = new Turns();
        assert.deepEqual([turns.take(10, 0), turns.take(10, 5), turns.take(10, 100)], [10, 15, 10]);
    });
});
