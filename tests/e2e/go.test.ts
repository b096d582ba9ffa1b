import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { goEnvironment } from "../../tools/go";
import { goModuleDirectory } from "../../tools/cache";
import { projectDirectory } from "../../cli/project";

/** The tests of this project's own Go programs, by Go's own test command. */
describe("Go programs", () => {
    for (const folder of testedFolders())
        it(`${relative(projectDirectory, folder)} passes its tests`, async () => {
            await promisify(execFile)("go", ["test", "-trimpath", "."], { cwd: folder, env: goEnvironment() }).catch(
                ({ stdout, message }: Error & { stdout?: string }) => {
                    throw new Error(`go test in ${folder}: ${message}\n${stdout ?? ""}`);
                },
            );
        });
});

/** Folders with a Go test: those of services, which are modules of their own, and the programs of tools/go. */
function testedFolders(): string[] {
    const services = join(projectDirectory, "services");
    return [services, goModuleDirectory]
        .flatMap((parent) =>
            readdirSync(parent, { withFileTypes: true })
                .filter((entry) => entry.isDirectory())
                .map(({ name }) => join(parent, name)),
        )
        .filter((folder) => existsSync(folder) && readdirSync(folder).some((file) => file.endsWith("_test.go")));
}
