import assert from "node:assert/strict";
import { buildMesh } from "../../policy/model/mesh";
import { UNKNOWN } from "../../policy/model/unknown";
import { checkMesh } from "../../policy/rules";
import { awsRules } from "../../policy/rules/aws";
import { webhookControlPlaneAccess } from "../../policy/rules/mesh/webhook-control-plane-access";
import type { Violation } from "../../policy/rules/rule";
import { GoodCloud } from "./good-cloud";
import { GoodMesh, type Manifest, short } from "./good-mesh";

type Path = readonly (string | number)[];

/** Every place in a value, from the top to the leaves. */
function places(value: Manifest, path: Path = []): Path[] {
    if (typeof value !== "object" || value === null) return [path];
    return [
        path,
        ...Object.keys(value).flatMap((key) => places(value[key], [...path, Array.isArray(value) ? Number(key) : key])),
    ];
}

/** Every good mesh with one place replaced; an object itself stays one. */
function* changed(replacement: unknown): Generator<{ title: string; mesh: GoodMesh }> {
    const pattern = new GoodMesh();
    for (const [id, manifest] of pattern.objects)
        for (const path of places(manifest)) {
            const last = path.at(-1);
            if (last === undefined || last === "apiVersion" || last === "kind") continue;
            const mesh = new GoodMesh();
            const parent = path.slice(0, -1).reduce<Manifest>((value, key) => value[key], mesh.get(id));
            parent[last] = replacement;
            yield { title: `${id} ${path.join(".")}`, mesh };
        }
}

/** Every good cloud with one place replaced; a resource itself stays one. */
function* changedCloud(replacement: unknown): Generator<{ title: string; cloud: GoodCloud }> {
    for (const [id, { properties }] of new GoodCloud().resources)
        for (const path of places(properties)) {
            const last = path.at(-1);
            if (last === undefined) continue;
            const cloud = new GoodCloud();
            const parent = path.slice(0, -1).reduce<Manifest>((value, key) => value[key], cloud.get(id));
            parent[last] = replacement;
            yield { title: `${id} ${path.join(".")}`, cloud };
        }
}

/** What the rules about AWS say about a cloud; those about the mesh in it are tested without one. */
function checkCloud(cloud: GoodCloud): Violation[] {
    return checkMesh(buildMesh(goodSources, { cloud: cloud.cloud() }), [webhookControlPlaneAccess, ...awsRules]);
}

const goodSources = new GoodMesh().sources();

describe("policy: what a preview does not know", function () {
    // Seconds of processor time, which a busy machine takes minutes for.
    this.timeout("240s");

    it("is never reported: any one place of the good mesh may be unknown", () => {
        let count = 0;
        for (const { title, mesh } of changed(UNKNOWN)) {
            count++;
            assert.deepEqual(short(checkMesh(buildMesh(mesh.sources()))), [], title);
        }
        assert.ok(count > 600, `${count} places`);
    });

    it("is never reported: any one input of the good cloud may be unknown", () => {
        let count = 0;
        for (const { title, cloud } of changedCloud(UNKNOWN)) {
            count++;
            assert.deepEqual(short(checkCloud(cloud)), [], title);
        }
        assert.ok(count > 100, `${count} places`);
    });

    const replacements = Object.entries({
        null: null,
        "a number": 7,
        "a text": "x",
        "a list": [null],
        "an object": { x: null },
    });
    for (const [turn, [name, replacement]] of replacements.entries())
        it(`never makes a rule fail: places may be ${name}`, () => {
            // Each place gets one of the values: all places with all values would take minutes.
            const isTurn = (index: number): boolean => index % replacements.length === turn;
            for (const [index, { title, mesh }] of [...changed(replacement)].entries())
                if (isTurn(index)) assert.doesNotThrow(() => checkMesh(buildMesh(mesh.sources())), title);
            for (const [index, { title, cloud }] of [...changedCloud(replacement)].entries())
                if (isTurn(index)) assert.doesNotThrow(() => checkCloud(cloud), title);
        });

    it("an empty list of objects raises nothing", () => {
        assert.deepEqual(checkMesh(buildMesh([])), []);
    });
});

describe("policy: size", function () {
    this.timeout("30s");

    it("judges 1,000 objects in at most 2 s of processor time", () => {
        const sources = Array.from({ length: 80 }, (_, copy) =>
            [...new GoodMesh().objects.values()]
                .filter(({ metadata }) => metadata.namespace !== undefined && metadata.namespace !== "istio-system")
                .map((manifest) => {
                    manifest.metadata.namespace += `-${copy}`;
                    const text = JSON.stringify(manifest)
                        .replaceAll(".ecommerce.svc", `.ecommerce-${copy}.svc`)
                        .replaceAll('"*"', `"shop-${copy}.example.com"`)
                        .replaceAll("api.c4ang.com", `api-${copy}.example.com`);
                    return { manifest: JSON.parse(text) as Record<string, unknown> };
                }),
        ).flat();
        const istio = new GoodMesh()
            .sources()
            .filter(({ manifest }) => JSON.stringify(manifest).includes('"istio-system"'));
        const objects = [...istio, ...sources].slice(0, 1_000);
        const started = process.cpuUsage();
        checkMesh(buildMesh(objects));
        const { user, system } = process.cpuUsage(started);
        const took = (user + system) / 1_000;
        assert.ok(objects.length === 1_000, `${objects.length} objects`);
        assert.ok(took < 2_000, `${Math.round(took)} ms`);
    });
});
