import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backendEnvironment } from "../../../tools/pulumi/backend";
import { archiveName, checksumOf } from "../../../tools/pulumi/download";
import { findOfficial } from "../../../tools/pulumi/official";
import { isAtLeast } from "../../../tools/pulumi/versions";

describe("finding Pulumi", () => {
    let directory: string;
    beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "pulumi-test-"))));
    afterEach(() => rmSync(directory, { recursive: true }));

    it("keeps state and a passphrase in the clone unless the user has chosen otherwise", () => {
        const env = { PULUMI_HOME: join(directory, "home") };
        const variables = backendEnvironment(env, directory);
        assert.equal(variables["PULUMI_BACKEND_URL"], `file://${directory}/.local/pulumi`);
        const file = variables["PULUMI_CONFIG_PASSPHRASE_FILE"] ?? "";
        assert.equal(statSync(file).mode & 0o777, 0o600);
        const passphrase = readFileSync(file, "utf8");
        backendEnvironment(env, directory);
        assert.equal(readFileSync(file, "utf8"), passphrase);
        assert.ok(
            !(
                "PULUMI_CONFIG_PASSPHRASE_FILE" in
                backendEnvironment({ ...env, PULUMI_CONFIG_PASSPHRASE: "" }, directory)
            ),
        );
        assert.deepEqual(backendEnvironment({ ...env, PULUMI_BACKEND_URL: "s3://x" }, directory), {});
    });

    it("keeps a login", () => {
        const home = join(directory, "home");
        mkdirSync(home);
        writeFileSync(join(home, "credentials.json"), JSON.stringify({ current: "https://api.pulumi.com" }));
        assert.deepEqual(backendEnvironment({ PULUMI_HOME: home }, directory), { PULUMI_CREDENTIALS_PATH: home });
    });

    it("takes a program on PATH for official only with its language host and in a usable version", async () => {
        const script = (name: string, text: string) =>
            writeFileSync(join(directory, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
        const env = { PATH: directory };
        assert.equal(await findOfficial(undefined, env), undefined);
        script("pulumi", "echo v3.245.0");
        assert.equal(await findOfficial(undefined, env), undefined);
        script("pulumi-language-nodejs", "");
        assert.equal(await findOfficial(undefined, env), join(directory, "pulumi"));
        script("pulumi", "echo v3.10.0");
        const told: string[] = [];
        assert.equal(await findOfficial((line) => told.push(line), env), undefined);
        assert.match(told.join(), /3\.10\.0 on PATH is not used: 3\.200\.0 or newer/);
    });

    it("compares versions by number", () => {
        assert.ok(isAtLeast("3.245.0", "3.200.0") && isAtLeast("3.200.0", "3.200.0") && isAtLeast("4.0.0", "3.200.0"));
        assert.ok(!isAtLeast("3.99.9", "3.200.0"));
    });

    it("finds the checksum of its archive", () => {
        const list = "aa  pulumi-v3.1.0-linux-x64.tar.gz\nbb *pulumi-v3.1.0-darwin-arm64.tar.gz\n";
        assert.equal(checksumOf(archiveName("3.1.0", "linux", "x64"), list), "aa");
        assert.equal(checksumOf(archiveName("3.1.0", "darwin", "arm64"), list), "bb");
        assert.equal(checksumOf("other", list), undefined);
    });
});
