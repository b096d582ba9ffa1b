import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Entrance } from "../cluster/cluster";
import type { PlatformConfig } from "../config/platform";
import type { DeclaredObject } from "./declared-objects";

/** What the verification suite is told of an environment, and all that it knows of it. */
export interface VerificationTarget {
    /** Name of the stack. */
    stack: string;
    /** What was declared: the suite checks that the mesh does it. */
    config: PlatformConfig;
    /** Path of the kubeconfig file on this machine. */
    kubeconfig: string;
    /** HTTP entrance of the ingress gateway for clients on this machine. */
    gateway: Entrance;
    /** HTTPS entrance; undefined where none is declared. */
    secureGateway?: Entrance;
    /** Certificate of the HTTPS entrance in PEM, where the program made it: the only one that the suite trusts. */
    certificate?: string;
    /** Key that signs tokens, in PEM, where the program made it: with it the suite makes tokens of its own. */
    signingKey?: string;
    /** Key that signs tokens for the tools of the monitoring, in PEM, where the program made it. */
    accessKey?: string;
    /** Every object by which the program tells the proxies and the pod network what to do. */
    objects: readonly DeclaredObject[];
    /** What is not the official product: repeated in every report. */
    provenance: readonly string[];
}

/** Writes the target to the file that the suite reads. Only the owner may read it. */
export async function writeTarget(file: string, target: VerificationTarget): Promise<void> {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify(target, null, 4)}\n`, { mode: 0o600 });
}
