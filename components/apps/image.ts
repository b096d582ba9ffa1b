import type { PlatformConfig } from "../config/platform";

/** The image of the application containers: the project's sample app, or the documents' http-echo. */
export function appImage(config: PlatformConfig["sampleImage"], images: { readonly sampleApp: string }): string {
    return config.app === "http-echo" ? config.image : images.sampleApp;
}

/** Path that both images answer with 200 whatever they answer elsewhere: what the probes ask for. */
export const HEALTH_PATH = "/health";

/** What a container answers. */
export type Answer =
    /**
     * A text; `$(POD_NAME)` in it becomes the pod's name. `calls`: services that are called first by requests that ask for it
     * (C7), name -> URL; the sample app only. Default: none.
     */
    | { text: string; calls?: Readonly<Record<string, string>> }
    /** What another service answers (E7); the sample app only. */
    | { forward: string };

/** Arguments of the container: both images understand `-listen` and `-text`. */
export function containerArgs(port: number, answer: Answer): string[] {
    if ("forward" in answer) return [`-listen=:${port}`, `-forward=${answer.forward}`];
    const calls = Object.entries(answer.calls ?? {}).map(([name, url]) => `-call=${name}=${url}`);
    return [`-listen=:${port}`, `-text=${answer.text}`, ...calls];
}
