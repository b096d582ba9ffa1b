import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toolsDirectory } from "./cache";
import { readPackageList } from "./debian";
import { hashOf, hashOfGoModule } from "./hash";

/** The Go module that pins Envoy's rate limit service. */
export const rateLimitDirectory = join(toolsDirectory, "..", "services", "rate-limit");

/** Package of the service. */
export const rateLimitPackage = "github.com/envoyproxy/ratelimit/src/service_cmd";

/** Version of the service, as its module is pinned. */
export function rateLimitVersion(directory = rateLimitDirectory): string {
    const found = /github\.com\/envoyproxy\/ratelimit v(\S+)/.exec(readFileSync(join(directory, "go.mod"), "utf8"));
    return found![1]!;
}

/** Names of the images that are built here: each tag is a digest of what the image is made of. */
export function rateLimitImages() {
    const tag = (digest: string) => digest.slice(0, 12);
    return {
        rateLimit: `docker.io/library/istio-platform-rate-limit:${tag(hashOfGoModule(rateLimitDirectory))}`,
        redis: `docker.io/library/istio-platform-redis:${tag(hashOf(...readPackageList("redis")))}`,
    };
}
