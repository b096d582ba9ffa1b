import { execFile, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { z } from "zod";
import { ensurePulumi, PulumiInstallation } from "../tools/pulumi";
import { UserError } from "../tools/errors";
import { interruptible, run } from "./processes";
import { localDirectory, projectDirectory, Stack } from "./project";
import { keepingEncryption, writeWorkingConfig } from "./stack-config";

/** What `pulumi stack ls --json` prints, as far as it matters here. */
const stackList = z.array(z.object({ name: z.string() }));

/**
 * How many resources Pulumi works on at once. Most of the time a Deployment is only waited for: the default, a few per
 * core, would make the last ones wait for the first.
 */
const parallelResources = 64;

/** Runs Pulumi's command line on one stack of this project. */
export class StackRunner {
    private constructor(
        readonly stack: Stack,
        readonly installation: PulumiInstallation,
        private readonly configFile: string,
    ) {}

    /**
     * Finds or builds Pulumi, and makes the stack when it does not exist.
     * @throws UserError when the stack cannot be made.
     */
    static async open(stack: Stack, onProgress: (line: string) => void): Promise<StackRunner> {
        mkdirSync(localDirectory, { recursive: true });
        const installation = await interruptible((signal) => ensurePulumi({ onProgress, signal }));
        const runner = new StackRunner(stack, installation, writeWorkingConfig(stack));
        if (await runner.exists()) return runner;
        await keepingEncryption(stack, async () => {
            const code = await runner.pulumi(["stack", "init", stack.name, "--no-select"], "quiet");
            if (code !== 0)
                throw new UserError(`The stack ${stack.name} could not be made: see Pulumi's message above.`, code);
        });
        return new StackRunner(stack, installation, writeWorkingConfig(stack));
    }

    /** The program repeats in its reports what Pulumi itself runs with. */
    private get environment(): NodeJS.ProcessEnv {
        return { ...process.env, ...this.installation.env, ISTIO_PLATFORM_PROVENANCE: this.provenance ?? "" };
    }

    private async exists(): Promise<boolean> {
        try {
            const args = ["stack", "ls", "--json", "--non-interactive"];
            const options = { cwd: projectDirectory, env: this.environment };
            const { stdout } = await promisify(execFile)(this.installation.command, args, options);
            return stackList.parse(JSON.parse(stdout)).some(({ name }) => name === this.stack.name);
        } catch (error) {
            const { stderr, message } = error as { stderr?: string; message: string };
            throw new UserError(`Pulumi cannot list the stacks: ${stderr?.trim() || message}`, 2);
        }
    }

    /**
     * Runs `pulumi <args>`: with its own display on a terminal, line by line elsewhere. Returns its exit code. `quiet`
     * drops what it prints on standard output.
     */
    pulumi(args: readonly string[], output: "inherit" | "quiet" = "inherit"): Promise<number> {
        const interactive = output === "inherit" && process.stdout.isTTY && process.stdin.isTTY;
        return run(this.installation.command, interactive ? args : [...args, "--non-interactive"], {
            cwd: projectDirectory,
            env: this.environment,
            stdio: [interactive ? "inherit" : "ignore", output === "quiet" ? "ignore" : "inherit", "inherit"],
        });
    }

    /**
     * Runs `pulumi <args>` and keeps what it prints: for a reader that is a program.
     *
     * @param options Folder of the program (default: this project's), and variables of the environment beside the usual ones.
     */
    async capture(
        args: readonly string[],
        { cwd = projectDirectory, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
    ): Promise<{ code: number; stdout: string; stderr: string }> {
        const child = spawn(this.installation.command, [...args, "--non-interactive"], {
            ...{ cwd, env: { ...this.environment, ...env }, stdio: ["ignore", "pipe", "pipe"] },
        });
        const [code, stdout, stderr] = await Promise.all([
            new Promise<number>((resolve, reject) => {
                child.on("error", reject);
                child.on("close", (exit, signal) => resolve(exit ?? (signal === "SIGINT" ? 130 : 143)));
            }),
            text(child.stdout),
            text(child.stderr),
        ]);
        return { code, stdout, stderr };
    }

    /** The options that every `pulumi preview`, `up` and `destroy` of this stack takes. */
    get stackArguments(): string[] {
        return this.argumentsWith(this.configFile);
    }

    /** The same options with another configuration of this stack. */
    argumentsWith(configFile: string): string[] {
        return ["--stack", this.stack.name, "--config-file", configFile, "--parallel", String(parallelResources)];
    }

    /** One line on what stands in for official parts of Pulumi, or undefined when nothing does. */
    get provenance(): string | undefined {
        const { standIns } = this.installation;
        return standIns.length > 0 ? `Pulumi runs with stand-ins: ${standIns.join(", ")} (closed network)` : undefined;
    }
}
