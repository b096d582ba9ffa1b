import { ApiError, UnknownKindError } from "./errors";
import { ApiConnection } from "./http";

/** How the API server serves a kind. */
export interface ServedKind {
    /** Name of the kind in paths: `deployments`. */
    plural: string;
    namespaced: boolean;
}

interface ResourceList {
    resources: { name: string; kind: string; namespaced: boolean }[];
}

/** The path under which an API is served. */
export function apiRoot(apiVersion: string): string {
    return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** What the API server serves: each group and version is asked for once. */
export class Discovery {
    private readonly lists = new Map<string, Promise<ReadonlyMap<string, ServedKind>>>();

    constructor(private readonly connection: ApiConnection) {}

    /**
     * How a kind is served. A kind that is not found is looked up afresh the next time, because its definition may have
     * been created in between.
     * @throws UnknownKindError
     */
    async find(apiVersion: string, kind: string): Promise<ServedKind> {
        let list = this.lists.get(apiVersion);
        if (!list) {
            list = this.load(apiVersion);
            this.lists.set(apiVersion, list);
        }
        const known = list;
        const forget = () => this.lists.get(apiVersion) === known && this.lists.delete(apiVersion);
        try {
            const found = (await known).get(kind);
            if (found) return found;
        } catch (error) {
            forget();
            if (!(error instanceof ApiError && error.status === 404)) throw error;
        }
        forget();
        throw new UnknownKindError(apiVersion, kind);
    }

    private async load(apiVersion: string): Promise<ReadonlyMap<string, ServedKind>> {
        const { body } = await this.connection.send<ResourceList>({ method: "GET", path: apiRoot(apiVersion) });
        const kinds = body.resources.filter(({ name }) => !name.includes("/"));
        return new Map(kinds.map(({ name, kind, namespaced }) => [kind, { plural: name, namespaced }]));
    }
}
