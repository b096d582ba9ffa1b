import { milliseconds } from "../../../../components/config/units";
import type { Context } from "../../spec";
import { binomialTest } from "../../statistics/binomial";
import { deviating, falseAlarm, sampleSize } from "../../statistics/sample-size";
import type { Answer, Request, Stream } from "../../target/target";
import { DeadlineExceeded, seconds, until } from "../../wait";
import { fail, listing, tally } from "../support/answers";
import { podsOf, responder, type DeclaredRoute } from "../support/declared-routes";
import { describeRecordings, isCopy, newKey, recordings, type Recording } from "../support/recordings";
import { defineRouteSpec } from "./route-spec";

/** Milliseconds within which every copy has arrived: nobody waits for them, so they may be late. */
const arrival = 5_000;
/** What a copy that hangs takes to be answered; a client that waited for it would be noticed by half of that. */
const hanging = "10s";

export const routeMirrors = defineRouteSpec({
    name: "route-mirrors",
    description:
        "Requests from outside to each mirrored route are remembered by the pods that receive them: the declared share of them arrives a second time at the mirror's pods, marked by a Host that ends with -shadow, and nowhere else; the client is answered by the route's own pods only, at once and with success, even when the copies fail or hang.",
    kind: "mirrors",
    checks: {
        egov: {
            ids: ["E10"],
            title: "E10 mirror: the declared share is copied, and the client never sees the mirror's pods",
        },
    },
    prove: proveMirror,
});

async function proveMirror(route: DeclaredRoute, { target, signal, progress }: Context<string>): Promise<void> {
    const { name, service } = route;
    const mirror = route.mirror!;
    const all = await podsOf(target, route);
    const copied = new Set((await podsOf(target, route, mirror)).map((pod) => pod.name));
    const answering = new Set<string>();
    for (const group of route.shares.filter(({ share }) => share > 0))
        for (const pod of await podsOf(target, route, group)) answering.add(pod.name);

    progress(`${name}: copies that are answered`);
    const count = sampleSize({ share: mirror.share, truth: deviating(mirror.share) });
    const many = await send(route.request, { count, concurrency: 4 });
    await expectCopies(many, count);

    // One error less than ejects a pod, which would then get no copies.
    const errors = service.outlierDetection?.consecutive5xxErrors ?? Infinity;
    if (mirror.share === 1 && errors > 2) {
        progress(`${name}: copies that fail, copies that hang`);
        const failing = await send(failingIn([...copied], route.plain, { "x-test-fail-attempts": "100" }));
        await expectCopies(failing, 1, ({ status }) => status === 500);
        const slow = await send(
            failingIn([...copied], route.plain, { "x-test-delay": hanging }),
            {},
            milliseconds(hanging) / 2,
        );
        await expectCopies(slow, 1);
        // Good ones, so that no error in a row is left to be counted.
        await send(route.request, { count: copied.size * 2 });
    }
    // Once more: copies that came late, or twice.
    await expectCopies(many, count);

    /** Sends requests under a key; the client must not notice that there are copies. */
    async function send(
        request: Request,
        stream: Stream = {},
        limit = Infinity,
    ): Promise<{ key: string; answers: Answer[] }> {
        const { key, headers } = newKey();
        const answers = await target.request({ ...request, headers: { ...request.headers, ...headers } }, stream);
        const right = (answer: Answer) =>
            answer.status === 200 && answering.has(responder(route, answer) ?? "") && answer.ms < limit;
        const wrong = answers.filter((answer) => !right(answer));
        if (wrong.length > 0)
            fail({
                expected: `${name}: the client is answered with 200 by ${[...answering].join(", ")}${limit < Infinity ? ` within ${seconds(limit)}` : ""}, whatever becomes of the copies`,
                seen: `${tally(wrong)}, after at most ${seconds(Math.max(...wrong.map(({ ms }) => ms)))}`,
                cause: "requests are routed to the mirror's pods instead of being copied to them, or the route leads elsewhere",
                action: action(),
                evidence: { "mirror.txt": listing(answers) },
            });
        return { key, answers };
    }

    /** Waits until the copies of a number of requests have arrived, and compares who received what. */
    async function expectCopies(
        { key, answers }: { key: string; answers: readonly Answer[] },
        of: number,
        also: (copy: Recording) => boolean = () => true,
    ): Promise<void> {
        let seen: Recording[] = [];
        const plausible = (copies: number) =>
            mirror.share === 1 ? copies === of : binomialTest(copies, of, mirror.share) >= falseAlarm;
        const right = () => {
            const copies = seen.filter(isCopy);
            return (
                plausible(copies.length) &&
                copies.every((copy) => copied.has(copy.pod) && also(copy)) &&
                seen.length - copies.length === answers.length &&
                seen.every((one) => isCopy(one) || answering.has(one.pod))
            );
        };
        try {
            await until(
                "the copies have arrived",
                async () => {
                    seen = await recordings(target, all, key);
                    return right();
                },
                { deadline: arrival, signal },
            );
        } catch (error) {
            if (!(error instanceof DeadlineExceeded)) throw error;
            fail({
                expected: `${name}: ${of} requests at ${[...answering].join(", ")}; copies of ${mirror.share * 100} % of them, marked by -shadow, at ${[...copied].join(", ")}, and at nobody else`,
                seen: describeRecordings(seen),
                cause: "mirrors of the VirtualService name another subset or share than declared, are missing, or the mirror's pod is ejected",
                action: action(),
            });
        }
    }

    function action(): string {
        return `compare mirrors of the VirtualService of ${service.name} in ${service.namespace} with the configuration; the saved routes are what the proxy has`;
    }
}

/** The request with a fault that only some pods make. */
function failingIn(pods: readonly string[], request: Request, fault: Readonly<Record<string, string>>): Request {
    return { ...request, headers: { ...request.headers, ...fault, "x-test-pods": commonBeginning(pods) } };
}

function commonBeginning([first = "", ...others]: readonly string[]): string {
    const differs = [...first].findIndex((letter, index) => others.some((other) => other[index] !== letter));
    return differs === -1 ? first : first.slice(0, differs);
}
