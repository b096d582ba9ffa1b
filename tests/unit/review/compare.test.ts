import assert from "node:assert/strict";
import { changedFields, compareResources, type ResourceChange } from "../../../cli/review/compare";
import { failure, inComponent, plan, planOf, step, summary, urn } from "./support";

const service = inComponent("apps:Ecommerce", "core/v1:Service", "order-api");
const deployment = inComponent("apps:Ecommerce", "apps/v1:Deployment", "order-api");
const database = urn("istio-platform:aws:DataStores$aws:rds/instance:Instance", "postgres");
const namespace = inComponent("apps:Ecommerce", "core/v1:Namespace", "ecommerce");

const short = ({ kind, name, fields, because, by }: ResourceChange) => ({
    ...{ kind, name, because: [...because] },
    fields: fields.map(({ path, before, after }) => [path, before, after]),
    ...(by && { by }),
});

describe("review: what changes in the resources", () => {
    it("C18 names what is created, changed and deleted, with the fields, by component", () => {
        const base = plan(
            step({ urn: service, new: { spec: { ports: [{ name: "http", port: 80 }], type: "ClusterIP" } } }),
            step({ urn: deployment, new: { spec: { replicas: 2 } } }),
        );
        const change = plan(
            step({ urn: service, new: { spec: { ports: [{ name: "http", port: 8080 }], type: "ClusterIP" } } }),
            step({ urn: namespace, new: { metadata: { name: "ecommerce" } } }),
        );
        const { changes, unchanged } = compareResources(base, change);
        assert.deepEqual(changes.map(short), [
            { kind: "deleted", name: "order-api", because: [], fields: [] },
            { kind: "changed", name: "order-api", because: [], fields: [["spec.ports[http].port", 80, 8080]] },
            { kind: "created", name: "ecommerce", because: [], fields: [] },
        ]);
        assert.deepEqual([...new Set(changes.map(({ component }) => component))], ["apps:Ecommerce"]);
        assert.equal(unchanged, 0);
    });

    it("two equal plans have nothing in common but the unchanged", () => {
        const same = () => plan(step({ urn: service, new: { a: [1, { b: 2 }] } }), step({ urn: database, new: {} }));
        assert.deepEqual(compareResources(same(), same()), { changes: [], unchanged: 2, pending: 0 });
    });

    const replacements: { title: string; of: string; before: object; after: object; because: string[] }[] = [
        {
            title: "a selector",
            of: deployment,
            before: { spec: { selector: { matchLabels: { app: "a" } } } },
            after: { spec: { selector: { matchLabels: { app: "b" } } } },
            because: ["spec.selector.matchLabels.app"],
        },
        {
            title: "a name",
            of: service,
            before: { metadata: { name: "a" } },
            after: { metadata: { name: "b" } },
            because: ["metadata.name"],
        },
        {
            title: "a database's user",
            of: database,
            before: { username: "a" },
            after: { username: "b" },
            because: ["username"],
        },
        {
            title: "a database's size, which is changed in place",
            of: database,
            before: { allocatedStorage: 1 },
            after: { allocatedStorage: 2 },
            because: [],
        },
    ];
    for (const { title, of, before, after, because } of replacements)
        it(`P6 without a state the type tells what is replaced: ${title}`, () => {
            const [found] = compareResources(
                plan(step({ urn: of, new: before as Record<string, unknown> })),
                plan(step({ urn: of, new: after as Record<string, unknown> })),
            ).changes;
            assert.equal(found?.kind, because.length > 0 ? "replaced" : "changed");
            assert.deepEqual(found?.because, because);
        });

    it("P6 with a state the provider tells what is replaced", () => {
        const kept = step({ urn: database, op: "same", old: { engine: "postgres" }, new: { engine: "postgres" } });
        const detailedDiff = { engine: { diffKind: "update-replace" } };
        const replaced = step({
            urn: database,
            op: "replace",
            old: { engine: "postgres" },
            new: { engine: "mysql" },
            detailedDiff,
        });
        const [found] = compareResources(plan(kept), plan(replaced)).changes;
        assert.deepEqual(found && short(found), {
            kind: "replaced",
            name: "postgres",
            because: ["engine"],
            fields: [["engine", "postgres", "mysql"]],
            by: "provider",
        });
        assert.equal(found?.holds, "a database");
    });

    it("with a state a provider that updates in place is believed", () => {
        const at = (username: string, op: string) =>
            plan(step({ urn: database, op, old: { username: "a" }, new: { username } }));
        assert.equal(compareResources(at("a", "same"), at("b", "update")).changes[0]?.kind, "changed");
    });

    it("what base and change do alike is pending, not part of the change", () => {
        const drifted = () => plan(step({ urn: service, op: "update", old: { a: 1 }, new: { a: 2 } }));
        assert.deepEqual(compareResources(drifted(), drifted()), { changes: [], unchanged: 1, pending: 1 });
        const gone = () => plan(step({ urn: service, op: "delete", old: { a: 1 } }));
        assert.deepEqual(compareResources(gone(), gone()).changes, []);
    });

    it("P6 what holds data and is lost stands first", () => {
        const base = plan(
            step({ urn: service, new: {} }),
            step({ urn: database, new: {} }),
            step({ urn: namespace, new: {} }),
        );
        const { changes } = compareResources(base, plan(step({ urn: deployment, new: {} })));
        assert.deepEqual(
            changes.map(({ kind, type, holds }) => [kind, type.split(":").at(-1), holds]),
            [
                ["deleted", "Namespace", "a namespace and everything in it"],
                ["deleted", "Instance", "a database"],
                ["deleted", "Service", undefined],
                ["created", "Deployment", undefined],
            ],
        );
    });

    it("looks into the YAML that a ConfigMap holds", () => {
        const at = (mode: string) => ({
            data: { mesh: `a: 1\noutboundTrafficPolicy:\n  mode: ${mode}\n`, text: "one\ntwo" },
        });
        assert.deepEqual(changedFields(at("REGISTRY_ONLY"), { ...at("ALLOW_ANY") }), [
            { path: "data.mesh > outboundTrafficPolicy.mode", before: "REGISTRY_ONLY", after: "ALLOW_ANY" },
        ]);
        assert.deepEqual(changedFields({ a: "x\ny" }, { a: "x\nz" }), [{ path: "a", before: "x\ny", after: "x\nz" }]);
    });

    it("a plan that stopped half-way deletes nothing", () => {
        const base = plan(step({ urn: service, new: {} }), step({ urn: database, new: {} }));
        const half = planOf([step({ urn: service, new: { a: 1 } }), failure("boom"), summary("failed")]);
        assert.deepEqual(
            compareResources(base, half).changes.map(({ kind }) => kind),
            ["changed"],
        );
        assert.deepEqual(
            compareResources(half, base).changes.map(({ kind }) => kind),
            ["changed"],
        );
    });
});
