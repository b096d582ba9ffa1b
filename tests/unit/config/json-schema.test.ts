import Ajv from "ajv";
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { stackFileSchema } from "../../../components/config/json-schema";

const projectDirectory = join(__dirname, "..", "..", "..");
const read = (file: string) => readFileSync(join(projectDirectory, file), "utf8");
const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(stackFileSchema());

describe("Configuration: JSON Schema of Pulumi.<stack>.yaml", () => {
    it("the committed file is current (npm run --silent config:schema > schema/pulumi-stack.schema.json)", () => {
        assert.deepEqual(
            JSON.parse(read("schema/pulumi-stack.schema.json")),
            JSON.parse(JSON.stringify(stackFileSchema())),
        );
    });

    for (const stack of ["local", "dev", "prod"])
        it(`Pulumi.${stack}.yaml is valid by it, and leads editors to it`, () => {
            const text = read(`Pulumi.${stack}.yaml`);
            assert.ok(validate(parse(text)), JSON.stringify(validate.errors));
            assert.match(text, /^# yaml-language-server: \$schema=\.\/schema\/pulumi-stack\.schema\.json\n/);
        });

    const cluster = { "istio-platform:cluster": { kind: "embedded" } };
    const cases: [title: string, file: object, valid: boolean][] = [
        [
            "takes keys of providers and of Pulumi",
            { config: { ...cluster, "aws:region": "x" }, encryptionsalt: "v1:x" },
            true,
        ],
        ["refuses an unknown key of the project", { config: { ...cluster, "istio-platform:meshh": {} } }, false],
        ["refuses an unknown nested key", { config: { ...cluster, "istio-platform:mesh": { hub: "x" } } }, false],
        ["refuses a wrong type", { config: { ...cluster, "istio-platform:ecommerce": { replicas: "2" } } }, false],
        ["refuses a stack without a cluster", { config: {} }, false],
        ["refuses a configuration under a wrong name", { configuration: cluster }, false],
    ];
    for (const [title, file, valid] of cases) it(title, () => assert.equal(validate(file), valid));

    /* eslint-disable @typescript-eslint/no-explicit-any -- a walk through JSON Schema of any form */
    it("describes every field", () => {
        const undescribed: string[] = [];
        const visit = (schema: any, path: string, described: boolean) => {
            const known = described || schema.description !== undefined;
            for (const branch of schema.anyOf ?? schema.oneOf ?? []) visit(branch, path, known);
            for (const [key, inner] of Object.entries<any>(schema.properties ?? {})) {
                const at = `${path}.${key}`;
                if (inner.description === undefined && !["cpu", "memory"].includes(key)) undescribed.push(at);
                visit(inner, at, true);
            }
            if (typeof schema.additionalProperties === "object") visit(schema.additionalProperties, `${path}.*`, true);
            if (schema.items) visit(schema.items, `${path}[]`, true);
        };
        visit((stackFileSchema() as any).properties.config, "config", true);
        assert.deepEqual(undescribed, []);
    });
});
