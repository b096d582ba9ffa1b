import assert from "node:assert/strict";
import { ProgramInfo, RunRequest } from "@pulumi/pulumi/proto/language_pb";
import { toStruct } from "../../../tools/stand-in/common/struct";
import { Children } from "../../../tools/stand-in/language-host/children";
import { optionsEnvironment, runtimeOptions } from "../../../tools/stand-in/language-host/options";
import { parseEnvironment } from "../../../tools/stand-in/language-host/run-plugin";
import { runArguments } from "../../../tools/stand-in/language-host/run";
import { resolveEntryPoint } from "../../../tools/stand-in/language-host/sdk";

const info = (options: Record<string, string | boolean | number>) => new ProgramInfo().setOptions(toStruct(options));

describe("the language host's commands", () => {
    it("passes what the engine asks for on to the program's runner", () => {
        const request = new RunRequest()
            .setMonitorAddress("m:1")
            .setProject("p")
            .setStack("s")
            .setPwd("/p")
            .setParallel(4)
            .setDryrun(true);
        request.setInfo(info({ nodeargs: "--a  --b" }).setEntryPoint("index.ts").setRootDirectory("/p"));
        assert.deepEqual(runArguments(request, "e:1", "/run.js", runtimeOptions(request.getInfo())), [
            ...[
                "--a",
                "--b",
                "/run.js",
                "--monitor",
                "m:1",
                "--engine",
                "e:1",
                "--project",
                "p",
                "--stack",
                "s",
                "--pwd",
                "/p",
            ],
            ...["--parallel", "4", "--root-directory", "/p", "--dry-run", "index.ts"],
        ]);
    });

    it("reads the runtime options and refuses wrong ones", () => {
        assert.deepEqual(runtimeOptions(undefined), {
            typescript: true,
            tsconfig: undefined,
            nodeArguments: [],
            packageManager: "npm",
        });
        assert.deepEqual(optionsEnvironment(runtimeOptions(info({ typescript: false, tsconfig: "t.json" }))), {
            PULUMI_NODEJS_TYPESCRIPT: "false",
            PULUMI_NODEJS_TSCONFIG_PATH: "t.json",
        });
        assert.throws(() => runtimeOptions(info({ typescript: "no" })), /typescript: expected true or false/);
        assert.throws(() => runtimeOptions(info({ packagemanager: "cargo" })), /packagemanager: expected one of npm/);
    });

    it("says what to do when the program's packages are not installed", () => {
        assert.throws(() => resolveEntryPoint("run", "/"), /Run `npm install` there/);
    });

    it("reads environment lists", () => {
        assert.deepEqual(parseEnvironment(["A=1", "B=x=y", "C"]), { A: "1", B: "x=y", C: "" });
    });

    it("ends its children when it is cancelled", async () => {
        const children = new Children();
        const { exit } = children.spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
        children.cancel();
        assert.deepEqual(await exit, { signal: "SIGINT" });
        await assert.rejects(children.spawn("/does/not/exist", [], {}).exit);
    });
});
