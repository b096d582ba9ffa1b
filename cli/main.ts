import { Command } from "commander";
import { reportAndExit } from "./errors";

/** A command and the module that holds it: modules load only when their command runs, so that `--help` is immediate. */
const commands: { name: string; summary: string; load: () => Promise<Command> }[] = [
    {
        name: "start",
        summary: "set up, deploy an environment under the policy pack, verify it, report",
        load: async () => (await import("./start")).startCommand(),
    },
    {
        name: "preview",
        summary: "show what a deployment would change, and the policy verdict",
        load: async () => (await import("./preview")).previewCommand(),
    },
    {
        name: "verify",
        summary: "run the verification suite against a deployed environment",
        load: async () => (await import("./verify")).verifyCommand(),
    },
    {
        name: "mutate",
        summary: "break the running mesh on purpose, and see which checks notice",
        load: async () => (await import("./mutate")).mutateCommand(),
    },
    {
        name: "destroy",
        summary: "remove an environment",
        load: async () => (await import("./destroy")).destroyCommand(),
    },
    {
        name: "bench",
        summary: "measure the program and write docs/benchmarks.md",
        load: async () => (await import("./bench")).benchCommand(),
    },
    {
        name: "cluster",
        summary: "look at and control embedded clusters",
        load: async () => (await import("./cluster")).clusterCommand(),
    },
    {
        name: "tools",
        summary: "build, pack and unpack the external tools",
        load: async () => (await import("./tools")).toolsCommand(),
    },
    {
        name: "config-schema",
        summary: "print the JSON Schema of Pulumi.<stack>.yaml",
        load: async () => (await import("./config-schema")).configSchemaCommand(),
    },
    {
        name: "test",
        summary: "run all tests",
        load: async () => (await import("./test")).testCommand(),
    },
    {
        name: "test-unit",
        summary: "run the tests that need only Node.js",
        load: async () => (await import("./test")).unitTestCommand(),
    },
];

async function main(): Promise<void> {
    const program = new Command("istio-platform")
        .description("An Istio platform as code, proved by real requests after every deployment")
        .showHelpAfterError("(add --help for the options)");
    const wanted = commands.find(({ name }) => name === process.argv[2]);
    if (wanted) program.addCommand((await wanted.load()).name(wanted.name).description(wanted.summary));
    else for (const { name, summary } of commands) program.command(name).description(summary);
    await program.parseAsync();
}

main().catch(reportAndExit);
