import type { PlatformConfig } from "../config/platform";

/** The image of the application containers: the project's sample app, or the documents' http-echo. */
export function appImage(config: PlatformConfig["sampleImage"], images: { readonly sampleApp: string }): string {
    return config.app === "http-echo" ? config.image : images.sampleApp;
}

/** Path that both images answer with 200 whatever they answer elsewhere: what the probes ask for. */
export const HEALTH_PATH = "/health";

/** What a container answers. */
export type Answer =
    /** A text; `$(POD_NAME)` in it becomes the pod's name. */
    | { text: string }
    /** What another service answers (E7); the sample app only. */
    | { forward: string };

/** Arguments of the container: both images understand `-listen` and `-text`. */
export function containerArgs(port: number, answer: Answer): string[] {
    return [`-listen=:${port}`, "text" in answer ? `-text=${answer.text}` : `-forward=${answer.forward}`];
}
