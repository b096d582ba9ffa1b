import { join } from "node:path";
import { toolsDirectory } from "./cache";
import { hashOfGoModule } from "./hash";

/** Source of the request filter: a Go module of its own. */
export const requestFilterDirectory = join(toolsDirectory, "..", "services", "request-filter");

/** Repository of the image that is built from it. */
const repository = "docker.io/library/istio-platform-request-filter";

/** Name of the request filter's image: its tag is a digest of all that it is built from. Known without building it. */
export function requestFilterImage(directory = requestFilterDirectory): string {
    return `${repository}:${hashOfGoModule(directory).slice(0, 12)}`;
}
