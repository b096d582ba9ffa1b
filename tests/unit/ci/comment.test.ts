import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { comment } from "../../../cli/comment";

describe("C18 the review's comment in a pull request", () => {
    let server: Server;
    let stored: { id: number; body: string }[];
    let api: string;

    beforeEach(async () => {
        stored = Array.from({ length: 120 }, (_, id) => ({ id, body: `somebody's remark ${id}` }));
        server = createServer((request, response) => {
            void (async () => {
                const url = new URL(request.url!, "http://localhost");
                assert.equal(request.headers.authorization, "Bearer secret");
                const body =
                    request.method === "GET" ? undefined : (JSON.parse(await text(request)) as { body: string });
                const answer = (status: number, value: unknown) =>
                    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
                if (request.method === "GET") {
                    const page = Number(url.searchParams.get("page"));
                    return answer(200, stored.slice((page - 1) * 100, page * 100));
                }
                if (request.method === "POST" && url.pathname === "/repos/o/r/issues/7/comments") {
                    stored.push({ id: stored.length, body: body!.body });
                    return answer(201, stored.at(-1));
                }
                const id = Number(/^\/repos\/o\/r\/issues\/comments\/(\d+)$/.exec(url.pathname)?.[1]);
                if (request.method !== "PATCH" || !stored[id]) return answer(404, { message: "Not Found" });
                stored[id]!.body = body!.body;
                answer(200, stored[id]);
            })();
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });

    afterEach(() => server.close());

    const target = () => ({ api, repository: "o/r", pullRequest: 7, token: "secret" });

    it("is written once and then updated in place, on whichever page it stands; one for each stack", async () => {
        assert.equal(await comment(target(), "<!-- review of prod -->\nfirst"), "written");
        assert.equal(await comment(target(), "<!-- review of dev -->\nfirst"), "written");
        assert.equal(await comment(target(), "<!-- review of prod -->\nsecond"), "updated");
        assert.deepEqual(
            stored.slice(120).map(({ body }) => body),
            ["<!-- review of prod -->\nsecond", "<!-- review of dev -->\nfirst"],
        );
    });

    it("says what is wrong: no marker, or what the API answers", async () => {
        await assert.rejects(comment(target(), "no marker\ntext"), /no marker/);
        await assert.rejects(comment({ ...target(), repository: "x/y" }, "<!-- a -->\n"), /404 .*Not Found/);
    });
});
