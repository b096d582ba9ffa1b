import { ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import os from "node:os";
import path from "node:path";
import { build } from "esbuild";

const SOURCE = path.resolve(__dirname, "../../../services/sample-app/main.ts");

let bundled: Promise<string> | undefined;

/** Path of the sample app as one file, bundled once per test run. */
export function bundledApp(): Promise<string> {
    const outfile = path.join(os.tmpdir(), `sample-app-${process.pid}.js`);
    bundled ??= build({
        entryPoints: [SOURCE],
        outfile,
        bundle: true,
        platform: "node",
        target: "node20",
        format: "cjs",
        logLevel: "error",
    }).then(() => outfile);
    return bundled;
}

/** A sample app process on loopback. */
export interface RunningApp {
    readonly process: ChildProcess;
    readonly url: string;
    /** Resolves with the exit code. */
    readonly exited: Promise<number | null>;
}

/** Starts the server on a free port; resolves once it listens. */
export async function startApp(args: string[], env: Record<string, string> = {}): Promise<RunningApp> {
    const child = spawn(process.execPath, [await bundledApp(), "-listen=127.0.0.1:0", ...args], {
        env: { POD_NAME: "hello-5c9f7d6b8-x2x4z", ...env },
        stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit").then(([code]) => code as number | null);
    const port = await new Promise<string>((resolve, reject) => {
        let output = "";
        child.stdout.on("data", (chunk) => {
            output += chunk;
            const match = /listening on port (\d+)/.exec(output);
            if (match) resolve(match[1] as string);
        });
        void exited.then((code) => reject(new Error(`the sample app ended with code ${code}`)));
    });
    return { process: child, url: `http://127.0.0.1:${port}`, exited };
}

/** Stops an app that a test has started. */
export async function stopApp(app: RunningApp | undefined): Promise<void> {
    app?.process.kill("SIGKILL");
    await app?.exited;
}

/** Runs the app to its end. */
export async function runApp(args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [await bundledApp(), ...args], {
        stdio: ["ignore", "pipe", "pipe"],
        env: {},
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, stdout, stderr };
}
