#!/usr/bin/env node
// Starts a command of the project from a fresh clone: installs the npm packages when they are missing or older than
// package-lock.json, then runs cli/main.ts. Needs nothing but Node.js and npm.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

/** True when node_modules holds exactly the versions that package-lock.json names. */
function packagesAreInstalled() {
    const installedLock = join(root, "node_modules", ".package-lock.json");
    if (!existsSync(installedLock)) return false;
    const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
    const installed = JSON.parse(readFileSync(installedLock, "utf8")).packages;
    return Object.entries(wanted).every(
        ([path, entry]) => path === "" || entry.optional || installed[path]?.version === entry.version,
    );
}

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
    console.error(
        `Node.js ${process.versions.node} is too old: version 20.19 or newer is needed. See https://nodejs.org/en/download`,
    );
    process.exit(2);
}
if (!packagesAreInstalled()) {
    console.error("Installing the npm packages that package-lock.json names (npm ci) ...");
    const { status, signal } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
        cwd: root,
        stdio: ["ignore", "inherit", "inherit"],
    });
    if (status !== 0) {
        console.error(
            `npm ci ${signal ? `was ended by ${signal}` : "failed"}: see its messages above, then run the same command again.`,
        );
        process.exit(status || 1);
    }
}
require("tsx/cjs");
require("../cli/main.ts");
