import { Command } from "commander";
import { readFileSync } from "node:fs";
import { text as readAll } from "node:stream/consumers";
import { z } from "zod";
import { ensureKindCluster, probeKindCluster, removeKindCluster } from "../components/cluster/kind/control";
import { kindCluster } from "../components/config/cluster";
import { furtherGroups } from "../tools/inventory";
import { ensureToolchain } from "../tools/toolchain";
import { withProgress } from "./progress";

/** The commands that the Pulumi resource of a kind cluster calls: JSON in, JSON out. */
export function internalKindCommand(): Command {
    const command = new Command("internal-kind");
    const json = (name: string, action: (input: unknown) => Promise<unknown>) =>
        command
            .command(name)
            .action(async () => console.log(JSON.stringify(await action(JSON.parse(await readAll(process.stdin))))));
    json("apply", async (input) => {
        const { images: wanted, ...request } = applyInput.parse(input);
        const { nodes, kubeconfigPath } = await withProgress(async (control) => {
            const names = wanted.map(({ name }) => name);
            const { images } = await ensureToolchain(["mesh", ...furtherGroups(names)], control);
            const bundled = images.filter(({ name }) => names.includes(name));
            return ensureKindCluster(request, bundled, control);
        });
        return { kubeconfig: readFileSync(kubeconfigPath, "utf8"), kubeconfigPath, address: nodes[0]!.address };
    });
    json("probe", (input) => probeKindCluster(nameInput.parse(input).name));
    json("remove", async (input) => {
        await removeKindCluster(nameInput.parse(input).name);
        return {};
    });
    return command;
}

const nameInput = z.object({ name: kindCluster.shape.name });
const applyInput = z.object({
    ...kindCluster.omit({ kind: true }).shape,
    images: z.array(z.object({ name: z.string() })),
});
