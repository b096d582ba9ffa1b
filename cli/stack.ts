import { mkdirSync } from "node:fs";
import { ensurePulumi, PulumiInstallation } from "../tools/pulumi";
import { UserError } from "./errors";
import { run } from "./processes";
import { localDirectory, projectDirectory, Stack } from "./project";

/** Runs Pulumi's command line on one stack of this project. */
export class StackRunner {
    private constructor(
        readonly stack: Stack,
        readonly installation: PulumiInstallation,
    ) {}

    /**
     * Finds or builds Pulumi, and selects the stack (made when it does not exist).
     * @throws UserError when the stack cannot be selected.
     */
    static async open(stack: Stack, onProgress: (line: string) => void): Promise<StackRunner> {
        mkdirSync(localDirectory, { recursive: true });
        const runner = new StackRunner(stack, await ensurePulumi({ onProgress }));
        const code = await runner.pulumi(["stack", "select", "--create", "--stack", stack.name], "quiet");
        if (code !== 0)
            throw new UserError(`The stack ${stack.name} could not be selected: see Pulumi's message above.`, code);
        return runner;
    }

    /** Runs `pulumi <args>`. Returns its exit code. `quiet` drops what it prints on standard output. */
    pulumi(args: readonly string[], output: "inherit" | "quiet" = "inherit"): Promise<number> {
        const { command, env } = this.installation;
        return run(command, [...args, "--non-interactive"], {
            cwd: projectDirectory,
            env: { ...process.env, ...env },
            stdio: ["ignore", output === "quiet" ? "ignore" : "inherit", "inherit"],
        });
    }

    /** The options that every `pulumi preview`, `up` and `destroy` of this stack takes. */
    get stackArguments(): string[] {
        return ["--stack", this.stack.name, "--config-file", this.stack.configFile];
    }

    /** One line on what stands in for official parts of Pulumi, or undefined when nothing does. */
    get provenance(): string | undefined {
        const { standIns } = this.installation;
        return standIns.length > 0 ? `Pulumi runs with stand-ins: ${standIns.join(", ")} (closed network)` : undefined;
    }
}
