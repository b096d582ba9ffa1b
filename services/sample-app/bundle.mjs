/**
 * Bundles the sample app into one JavaScript file without dependencies: `node bundle.mjs [OUTFILE]`, default dist/main.js.
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
await build({
    entryPoints: [path.join(here, "main.ts")],
    outfile: path.resolve(process.argv[2] ?? path.join(here, "dist/main.js")),
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    minifySyntax: true,
    legalComments: "none",
});
