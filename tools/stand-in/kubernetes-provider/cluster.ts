import { ApiConnection } from "./api/http";
import { isNamespacedBuiltIn } from "./api/builtin-kinds";
import { ObjectClient } from "./api/client";
import { UnknownKindError } from "./api/errors";
import { loadKubeConfig } from "./api/kubeconfig";
import { Settings } from "./settings";

/** How long a preview waits for the API server before it goes on without it, in milliseconds. */
const REACHABLE_TIMEOUT_MS = 3000;

/** The cluster that the provider was configured for. */
export class Cluster {
    private readonly connected: { client: ObjectClient; namespace: string } | { error: Error };
    private reachability: Promise<Error | undefined> | undefined;

    constructor(readonly settings: Settings) {
        this.connected = connect(settings);
    }

    /** Namespace for objects that name none. */
    get namespace(): string {
        return "namespace" in this.connected ? this.connected.namespace : (this.settings.namespace ?? "default");
    }

    /** Reads and changes objects. @throws Error when the kubeconfig cannot be used. */
    get client(): ObjectClient {
        if ("error" in this.connected) throw this.connected.error;
        return this.connected.client;
    }

    /** Undefined when the API server answers, else why not. Asked once. */
    unreachable(): Promise<Error | undefined> {
        this.reachability ??= this.probe();
        return this.reachability;
    }

    /** Whether a kind belongs to a namespace; undefined when neither the kind is built in nor the cluster can tell. */
    async isNamespaced(apiVersion: string, kind: string): Promise<boolean | undefined> {
        const builtIn = isNamespacedBuiltIn(apiVersion, kind);
        if (builtIn !== undefined || (await this.unreachable())) return builtIn;
        try {
            return await this.client.isNamespaced(apiVersion, kind);
        } catch (error) {
            if (error instanceof UnknownKindError) return undefined;
            throw error;
        }
    }

    private async probe(): Promise<Error | undefined> {
        if (this.settings.unknown) return new Error("its address is only known after the update");
        try {
            await this.client.connection.send({ method: "GET", path: "/version", timeout: REACHABLE_TIMEOUT_MS });
            return undefined;
        } catch (error) {
            return error as Error;
        }
    }
}

function connect(settings: Settings): { client: ObjectClient; namespace: string } | { error: Error } {
    try {
        const config = loadKubeConfig(settings);
        const contextNamespace = config.getContextObject(config.getCurrentContext())?.namespace;
        return {
            client: new ObjectClient(new ApiConnection(config)),
            namespace: settings.namespace ?? contextNamespace ?? "default",
        };
    } catch (error) {
        return { error: error as Error };
    }
}
