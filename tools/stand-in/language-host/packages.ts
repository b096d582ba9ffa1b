import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** The fields of a package.json that matter here. */
interface PackageJson {
    name?: string;
    version?: string;
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
    pulumi?: { resource?: boolean; name?: string; version?: string; server?: string };
}

/** A provider plugin that an npm package needs. */
export interface RequiredPlugin {
    name: string;
    /** With a leading v. */
    version: string;
    /** Where to download it from; empty: the engine's default. */
    server: string;
}

/** An npm package of a program. */
export interface Dependency {
    name: string;
    version: string;
}

function readPackageJson(directory: string): PackageJson | undefined {
    try {
        return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as PackageJson;
    } catch {
        return undefined;
    }
}

/** The folder in which node finds a package that is required from `directory`. */
function findPackage(directory: string, name: string): string | undefined {
    for (let current = directory; ; current = dirname(current)) {
        const candidate = join(current, "node_modules", name);
        if (existsSync(join(candidate, "package.json"))) return realpathSync(candidate);
        if (current === dirname(current)) return undefined;
    }
}

/**
 * The provider plugins that the program's packages need: every package, direct or through another package that uses
 * Pulumi, whose package.json says `"pulumi": {"resource": true}`.
 */
export function requiredPlugins(programDirectory: string): RequiredPlugin[] {
    const plugins = new Map<string, RequiredPlugin>();
    const seen = new Set<string>();
    const visit = (directory: string) => {
        const manifest = seen.has(directory) ? undefined : readPackageJson(directory);
        seen.add(directory);
        if (!manifest) return;
        const { pulumi } = manifest;
        if (pulumi?.resource) {
            const name = pulumi.name ?? (manifest.name ?? "").replace(/^@pulumi\//, "").replace(/^@/, "");
            const version = `v${(pulumi.version ?? manifest.version ?? "").replace(/^v/, "")}`;
            plugins.set(`${name}@${version}`, { name, version, server: pulumi.server ?? "" });
        }
        for (const name of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })) {
            const found = findPackage(directory, name);
            const dependency = found === undefined ? undefined : readPackageJson(found);
            if (found && (dependency?.pulumi || dependency?.dependencies?.["@pulumi/pulumi"])) visit(found);
        }
    };
    visit(programDirectory);
    return [...plugins.values()];
}

/** The program's direct npm packages in their installed versions, or all of package-lock.json. */
export function programDependencies(programDirectory: string, transitive: boolean): Dependency[] {
    if (transitive) {
        const lockFile = join(programDirectory, "package-lock.json");
        if (!existsSync(lockFile)) throw new Error(`${lockFile} does not exist. Run \`npm install\` to make it.`);
        const { packages = {} } = JSON.parse(readFileSync(lockFile, "utf8")) as {
            packages?: Record<string, Dependency>;
        };
        return Object.entries(packages)
            .filter(([path]) => path !== "")
            .map(([path, { version }]) => ({
                name: path.slice(path.lastIndexOf("node_modules/") + 13),
                version: version ?? "",
            }));
    }
    const manifest = readPackageJson(programDirectory) ?? {};
    return Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).map(([name, range]) => {
        const found = findPackage(programDirectory, name);
        return { name, version: (found && readPackageJson(found)?.version) || range };
    });
}
