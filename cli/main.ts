/* eslint-disable @typescript-eslint/no-require-imports -- a command loads its modules only when it runs */
import { Command } from "commander";
import { reportAndExit } from "./errors";

/** A command and the module that holds it: modules load only when their command runs, so that `--help` is immediate. */
const commands: { name: string; summary: string; load: () => Command }[] = [
    {
        name: "start",
        summary: "set up, deploy an environment under the policy pack, verify it, report",
        load: () => (require("./start") as typeof import("./start")).startCommand(),
    },
    {
        name: "preview",
        summary: "show what a deployment would change, and the policy verdict",
        load: () => (require("./preview") as typeof import("./preview")).previewCommand(),
    },
    {
        name: "review",
        summary: "show what a change does, compared with its base: resources, policy, behaviour, cost, risk",
        load: () => (require("./review") as typeof import("./review")).reviewCommand(),
    },
    {
        name: "route-cases",
        summary: "check by test cases where a real istiod and real proxies send requests",
        load: () => (require("./route-cases") as typeof import("./route-cases")).routeCasesCommand(),
    },
    {
        name: "release",
        summary: "give a canary its requests in steps, gated by metrics, and roll it back by itself",
        load: () => (require("./release") as typeof import("./release")).releaseCommand(),
    },
    {
        name: "drift",
        summary: "tell whether a deployed environment was changed by hand",
        load: () => (require("./drift") as typeof import("./drift")).driftCommand(),
    },
    {
        name: "comment",
        summary: "write a review into its pull request",
        load: () => (require("./comment") as typeof import("./comment")).commentCommand(),
    },
    {
        name: "verify",
        summary: "run the verification suite against a deployed environment",
        load: () => (require("./verify") as typeof import("./verify")).verifyCommand(),
    },
    {
        name: "chaos",
        summary: "kill parts of a deployed environment under load, and see that nobody notices",
        load: () => (require("./chaos") as typeof import("./chaos")).chaosCommand(),
    },
    {
        name: "load",
        summary: "compare the load-balancing algorithms under load",
        load: () => (require("./load") as typeof import("./load")).loadCommand(),
    },
    {
        name: "alerts",
        summary: "give every alert a real cause, and see that the right people are told",
        load: () => (require("./alerts") as typeof import("./alerts")).alertsCommand(),
    },
    {
        name: "inspect",
        summary: "show what a pod's proxy has been told, and what has changed in it",
        load: () => (require("./inspect") as typeof import("./inspect")).inspectCommand(),
    },
    {
        name: "dashboard",
        summary: "say where the tools of an environment's monitoring are, and how to log in; open them",
        load: () => (require("./dashboard") as typeof import("./dashboard")).dashboardCommand(),
    },
    {
        name: "mutate",
        summary: "break the running mesh on purpose, and see which checks notice",
        load: () => (require("./mutate") as typeof import("./mutate")).mutateCommand(),
    },
    {
        name: "destroy",
        summary: "remove an environment",
        load: () => (require("./destroy") as typeof import("./destroy")).destroyCommand(),
    },
    {
        name: "bench",
        summary: "measure the program and write docs/benchmarks.md",
        load: () => (require("./bench") as typeof import("./bench")).benchCommand(),
    },
    {
        name: "cluster",
        summary: "look at and control embedded clusters",
        load: () => (require("./cluster") as typeof import("./cluster")).clusterCommand(),
    },
    {
        name: "tools",
        summary: "build, pack and unpack the external tools",
        load: () => (require("./tools") as typeof import("./tools")).toolsCommand(),
    },
    {
        name: "resources",
        summary: "compare requests and limits with what the containers use",
        load: () => (require("./resources") as typeof import("./resources")).resourcesCommand(),
    },
    {
        name: "cost",
        summary: "estimate what an environment on AWS costs in a month",
        load: () => (require("./cost") as typeof import("./cost")).costCommand(),
    },
    {
        name: "lint",
        summary: "apply the policy rules to plain manifests, without Pulumi",
        load: () => (require("./lint") as typeof import("./lint")).lintCommand(),
    },
    {
        name: "config-schema",
        summary: "print the JSON Schema of Pulumi.<stack>.yaml",
        load: () => (require("./config-schema") as typeof import("./config-schema")).configSchemaCommand(),
    },
    {
        name: "test",
        summary: "run all tests",
        load: () => (require("./test") as typeof import("./test")).testCommand(),
    },
    {
        name: "test-kind",
        summary: "run the end-to-end tests on a kind cluster",
        load: () => (require("./test") as typeof import("./test")).kindTestCommand(),
    },
    {
        name: "test-changes",
        summary: "run the tests that change a running platform step by step",
        load: () => (require("./test") as typeof import("./test")).changesTestCommand(),
    },
    {
        name: "test-unit",
        summary: "run the tests that need only Node.js",
        load: () => (require("./test") as typeof import("./test")).unitTestCommand(),
    },
];

async function main(): Promise<void> {
    const program = new Command("istio-platform")
        .description("An Istio platform as code, proved by real requests after every deployment")
        .showHelpAfterError("(add --help for the options)");
    const wanted = commands.find(({ name }) => name === process.argv[2]);
    if (wanted) program.addCommand(wanted.load().name(wanted.name).description(wanted.summary));
    else for (const { name, summary } of commands) program.command(name).description(summary);
    await program.parseAsync();
}

main().catch(reportAndExit);
