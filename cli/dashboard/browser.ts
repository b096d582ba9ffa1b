import { spawn } from "node:child_process";

/** Opens a page in the user's browser; where there is none, the user opens it. */
export function openInBrowser(url: string): void {
    const program = process.platform === "darwin" ? "open" : "xdg-open";
    const child = spawn(program, [url], { stdio: "ignore", detached: true });
    child.on("error", () => undefined);
    child.unref();
}
