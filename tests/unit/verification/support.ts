import { platform, type PlatformConfig, type PlatformInput } from "../../../components/config/platform";
import type { Check, Context, Spec } from "../../verification/spec";
import type { Pod, Target } from "../../verification/target/target";

/** What the suite's own tests build on: configurations, specs and a target without an environment. */

export function config(values: Omit<Partial<PlatformInput>, "cluster"> = {}): PlatformConfig {
    return platform.parse({ cluster: { kind: "embedded" }, ...values });
}

/** A target that has only what a test gives to it; everything else fails. */
export function fakeTarget(parts: Partial<Target> = {}): Target {
    const absent = () => {
        throw new Error("the fake target has no cluster");
    };
    return {
        stack: "fake",
        config: config(),
        gateway: { address: "127.0.0.1", port: 1 },
        objects: [],
        provenance: ["fake proxy"],
        kubernetes: { version: async () => "v0" } as Target["kubernetes"],
        request: absent,
        secureRequest: absent,
        handshake: absent,
        connect: absent,
        inside: absent,
        local: absent,
        dial: absent,
        plainText: absent,
        proxy: absent,
        gatewayPods: absent,
        proxySync: absent,
        close: async () => {},
        ...parts,
    };
}

export function pod(name: string, labels: Record<string, string> = {}, ip = ""): Pod {
    return { namespace: "test", name, ip, labels, phase: "Running", containers: [], readySince: new Date() };
}

export function spec(
    name: string,
    checks: Record<string, string | Check>,
    run: (context: Context<string>) => Promise<void>,
    parts: Partial<Spec> = {},
): Spec {
    return {
        name,
        description: `description of ${name}`,
        needs: [],
        locks: () => [],
        checks: Object.fromEntries(
            Object.entries(checks).map(([key, check]) => [
                key,
                typeof check === "string" ? { ids: [check.split(" ")[0]!], title: check } : check,
            ]),
        ),
        evidence: async () => ({}),
        run,
        ...parts,
    };
}

/** A promise that is settled from outside. */
export function gate(): { opened: Promise<void>; open(): void } {
    let open!: () => void;
    const opened = new Promise<void>((resolve) => (open = resolve));
    return { opened, open };
}
