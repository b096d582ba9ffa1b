import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiError, type PlainApi, type PlainObject, type Reference } from "../../mutation/cluster/api";
import { Changes, undoPending } from "../../mutation/cluster/changes";
import { Journal } from "../../mutation/cluster/journal";

/** An API server that knows objects by kind and name, and resource versions. */
class FakeApi {
    readonly objects = new Map<string, PlainObject>();
    private version = 0;

    private key = ({ kind, namespace, name }: Reference) => `${kind}/${namespace}/${name}`;
    private keyOf = ({ kind, metadata }: PlainObject) => `${kind}/${metadata.namespace ?? ""}/${metadata.name}`;

    async get(reference: Reference) {
        return structuredClone(this.objects.get(this.key(reference)));
    }
    async create(object: PlainObject) {
        return this.store(object);
    }
    /** How many changes are refused because istiod is not there to validate them. */
    withoutWebhook = 0;
    async replace(object: PlainObject) {
        if (this.withoutWebhook-- > 0) throw new ApiError(500, 'failed calling webhook "validation.istio.io"');
        const current = this.objects.get(this.keyOf(object));
        if (current?.metadata.resourceVersion !== object.metadata.resourceVersion) throw new ApiError(409, "conflict");
        return this.store(object);
    }
    async delete(reference: Reference) {
        this.objects.delete(this.key(reference));
    }
    private store(object: PlainObject) {
        const stored = JSON.parse(JSON.stringify(object)) as PlainObject;
        stored.metadata.resourceVersion = String(++this.version);
        this.objects.set(this.keyOf(stored), stored);
        return stored;
    }
}

const reference: Reference = { kind: "Service", namespace: "shop", name: "orders" };
const service = (selector: object): PlainObject => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "orders", namespace: "shop", labels: { app: "orders" } },
    spec: { selector },
});

describe("changes of a cluster", () => {
    let directory: string;
    let api: FakeApi;
    let changes: Changes;
    const file = () => join(directory, "journal.json");
    const selector = () => api.objects.get("Service/shop/orders")?.spec.selector;

    beforeEach(async () => {
        directory = mkdtempSync(join(tmpdir(), "mutation-"));
        api = new FakeApi();
        await api.create(service({ app: "orders" }));
        const journal = Journal.open(file());
        journal.begin("test");
        changes = new Changes(api as unknown as PlainApi, journal);
    });
    afterEach(() => rmSync(directory, { recursive: true }));

    it("undoes an edit, also after somebody else has changed the object", async () => {
        await changes.edit(reference, ({ spec }) => (spec.selector = { app: "wrong" }));
        assert.deepEqual(selector(), { app: "wrong" });
        await api.replace({ ...(await api.get(reference))!, spec: { selector: { app: "worse" } } });
        await changes.undo();
        assert.deepEqual(selector(), { app: "orders" });
        assert.equal(existsSync(file()), false);
    });

    it("waits with undoing for the webhook that validates", async () => {
        await changes.edit(reference, ({ spec }) => (spec.selector = { app: "wrong" }));
        api.withoutWebhook = 2;
        await changes.undo();
        assert.deepEqual(selector(), { app: "orders" });
        assert.equal(existsSync(file()), false);
    });

    it("undoes a removal and a creation", async () => {
        const other = { ...service({}), metadata: { name: "other", namespace: "shop" } };
        await changes.remove(reference);
        await changes.create(other);
        assert.deepEqual([...api.objects.keys()], ["Service/shop/other"]);
        await changes.undo();
        assert.deepEqual([...api.objects.keys()], ["Service/shop/orders"]);
        assert.deepEqual(selector(), { app: "orders" });
    });

    it("undoes the newest change first, so that two edits of one object end at the first original", async () => {
        await changes.edit(reference, ({ spec }) => (spec.selector = { app: "one" }));
        await changes.edit(reference, ({ spec }) => (spec.selector = { app: "two" }));
        await changes.undo();
        assert.deepEqual(selector(), { app: "orders" });
    });

    it("writes the journal before the change, so that a killed run is undone by the next one", async () => {
        await changes.edit(reference, ({ spec }) => {
            assert.match(readFileSync(file(), "utf8"), /"restore"/);
            spec.selector = { app: "wrong" };
        });
        const undone: string[] = [];
        await undoPending(api as unknown as PlainApi, file(), (name) => undone.push(name));
        assert.deepEqual(undone, ["test"]);
        assert.deepEqual(selector(), { app: "orders" });
    });

    it("does not touch the journal of a run that is under way", async () => {
        const running = JSON.parse(readFileSync(file(), "utf8")) as { process: number };

        writeFileSync(file(), JSON.stringify({ ...running, process: process.ppid }));
        assert.throws(() => Journal.open(file()), /another run of the mutations is under way/);
    });

    it("refuses to change what is not there and to create what is", async () => {
        await assert.rejects(
            changes.edit({ ...reference, name: "none" }, () => undefined),
            /no Service shop\/none/,
        );
        await assert.rejects(changes.create(service({})), /is there already/);
    });
});
