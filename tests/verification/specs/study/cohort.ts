import type { FailureDetails } from "../../failure";
import { sampleSize } from "../../statistics/sample-size";
import type { Answer, Pod, Target } from "../../target/target";
import { listing, tally } from "../support/answers";
import { pathOf, routeTaking } from "../support/study";

/** The dark launch: a header alone decides which version of catalog answers, at the gateway and behind webapp alike. */

/** Requests of which all must go one way: a route that only half of them take is noticed. */
const count = sampleSize({ share: 1, truth: 0.5 });

/**
 * Sends requests that carry the header of each route, another value of it, and none.
 *
 * @param way By which host they come to catalog, and which pod of it answered.
 * @returns What was wrong; undefined where nothing was.
 */
export async function cohortProblems(
    target: Target,
    pods: readonly Pod[],
    way: { host: string; responder(answer: Answer): string | undefined },
): Promise<Pick<FailureDetails, "expected" | "seen" | "evidence"> | undefined> {
    const { routes, versions } = target.config.study.catalog;
    const everyone = routeTaking(routes, "/");
    const groups = routes.filter(({ match }) => Object.keys(match.headers).length > 0);
    const cases = groups.flatMap((route) => [
        { route, headers: { ...route.match.headers } },
        ...Object.entries(route.match.headers).map(([name, value]) => ({
            route: everyone,
            headers: { [name]: `${value}-x` },
        })),
        { route: everyone, headers: {} },
    ]);
    const results = await Promise.all(
        cases.map(async ({ route, headers }) => {
            const path = pathOf(route!);
            const answers = await target.request({ path, host: way.host, headers }, { count, concurrency: 2 });
            const allowed = Object.keys(route!.weights ?? versions).filter((name) => route!.weights?.[name] !== 0);
            const own = pods.filter(({ labels }) => allowed.includes(labels["version"] ?? "")).map(({ name }) => name);
            const right = answers.every((answer) => answer.status === 200 && own.includes(way.responder(answer) ?? ""));
            return { answers, right, headers, allowed };
        }),
    );
    const wrong = results.filter(({ right }) => !right);
    if (wrong.length === 0) return undefined;
    const said = (headers: object) => JSON.stringify(headers);
    return {
        expected: wrong
            .map(({ headers, allowed }) => `headers ${said(headers)}: version ${allowed.join(" or ")} only`)
            .join("; "),
        seen: wrong.map(({ headers, answers }) => `headers ${said(headers)}: ${tally(answers)}`).join("; "),
        evidence: { "cohort.txt": listing(results.flatMap(({ answers }) => answers)) },
    };
}
