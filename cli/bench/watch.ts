import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { KubeConfig } from "@kubernetes/client-node";
import { istio } from "../../tests/verification/specs/support/names";
import { readTargetFile } from "../../tests/verification/target/file";
import { KubernetesClient } from "../../tests/verification/target/kubernetes";
import { UserError } from "../../tools/errors";
import { projectDirectory } from "../project";

/** What the watching suite says: that it waits, and its verdict on a change. */
const waiting = /^watching /;
const verdict = /^(green|RED) ([\d.]+) s after the change$/;
/** Milliseconds for each thing that it says; the whole measurement is ended after all of them. */
const patience = 240_000;

/**
 * Seconds from a saved VirtualService to the verdict of `verify --watch`. Each run spoils a time-out, which must be red,
 * and restores it, which must be green.
 *
 * @param targetFile Target file of a deployed mesh.
 */
export async function timeWatch(targetFile: string, stack: string, runs: number): Promise<number[]> {
    const { kubeconfig, config } = readTargetFile(targetFile);
    const [name] = Object.keys(config.ecommerce.services);
    const reference = { ...istio.virtualService, namespace: config.ecommerce.namespace, name: name! };
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromFile(kubeconfig);
    const kubernetes = new KubernetesClient(kubeConfig);
    const rules = (await kubernetes.object(reference))!.spec!["http"] as object[];
    const save = (timeout: string) =>
        kubernetes.change(reference, { http: rules.map((rule) => ({ ...rule, timeout })) });

    const args = ["verify", "--watch", "--target", targetFile, "--stack", stack];
    const watch = spawn(process.execPath, [join(projectDirectory, "bin", "run.mjs"), ...args], {
        stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: watch.stdout })[Symbol.asyncIterator]();
    const timer = setTimeout(() => watch.kill("SIGINT"), patience * (1 + 2 * runs));
    const next = async (wanted: RegExp): Promise<RegExpExecArray> => {
        for (let line = await lines.next(); !line.done; line = await lines.next()) {
            const found = wanted.exec(line.value);
            if (found) return found;
        }
        throw new UserError(`verify --watch ended, or did not say ${wanted.source}`);
    };
    const answered = async (timeout: string, colour: string): Promise<number> => {
        await next(waiting);
        await save(timeout);
        const [, seen, seconds] = await next(verdict);
        if (seen !== colour) throw new UserError(`verify --watch: a time-out of ${timeout} is ${seen}`);
        return Number(seconds);
    };
    const { timeout } = config.ecommerce.routePolicy;
    try {
        const seconds: number[] = [];
        for (let run = 0; run < runs; run++) {
            seconds.push(await answered("7s", "RED"));
            seconds.push(await answered(timeout, "green"));
        }
        return seconds;
    } finally {
        clearTimeout(timer);
        await save(timeout);
        watch.kill("SIGINT");
    }
}
