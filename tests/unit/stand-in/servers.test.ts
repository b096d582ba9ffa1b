import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import { LanguageRuntimeClient, LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { GetRequiredPackagesRequest, GetRequiredPackagesResponse, ProgramInfo } from "@pulumi/pulumi/proto/language_pb";
import { ResourceProviderClient, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { join } from "node:path";
import { componentChildren } from "../../../tools/stand-in/cloud-provider/outputs";
import { cloudProvider } from "../../../tools/stand-in/cloud-provider/service";
import { connectEngineLog } from "../../../tools/stand-in/common/engine";
import { listen } from "../../../tools/stand-in/common/plugin-server";
import { fromStruct, toStruct } from "../../../tools/stand-in/common/struct";
import { JsonObject, reveal, SECRET, SIGNATURE, UNKNOWN } from "../../../tools/stand-in/common/values";
import { KubernetesProvider } from "../../../tools/stand-in/kubernetes-provider/service";
import { Children } from "../../../tools/stand-in/language-host/children";
import { languageHost } from "../../../tools/stand-in/language-host/service";

type Call<Q, R> = (request: Q, callback: (error: grpc.ServiceError | null, response: R) => void) => unknown;
const ask = <Q, R>(client: object, call: Call<Q, R>, request: Q): Promise<R> =>
    new Promise((resolve, reject) =>
        call.call(client, request, (error, response) => (error ? reject(error) : resolve(response))),
    );
const urn = (type: string, name = "a") => `urn:pulumi:test::project::${type}::${name}`;

const servers: grpc.Server[] = [];
const serve = async (service: grpc.ServiceDefinition, handlers: grpc.UntypedServiceImplementation) => {
    const { port, server } = await listen(service, handlers);
    servers.push(server);
    return `127.0.0.1:${port}`;
};
after(() => servers.forEach((server) => server.forceShutdown()));

describe("the kubernetes provider, without a cluster", () => {
    let client: ResourceProviderClient;
    before(async () => {
        const provider = new KubernetesProvider({
            version: "4.0.0",
            log: connectEngineLog(""),
            cancellation: new AbortController(),
        });
        client = new ResourceProviderClient(
            await serve(ResourceProviderService, provider.handlers()),
            grpc.credentials.createInsecure(),
        );
        const kubeconfig = JSON.stringify({
            "current-context": "a",
            contexts: [{ name: "a", context: { cluster: "a", user: "a", namespace: "from-context" } }],
            clusters: [{ name: "a", cluster: { server: "https://127.0.0.1:1" } }],
            users: [{ name: "a", user: {} }],
        });
        await ask<pb.ConfigureRequest, pb.ConfigureResponse>(
            client,
            client.configure,
            new pb.ConfigureRequest().setArgs(toStruct({ kubeconfig })),
        );
    });
    after(() => client.close());

    const inputs: JsonObject = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "a" },
        data: { token: { [SIGNATURE]: SECRET, value: "x" } },
    };

    it("checks inputs and keeps secrets", async () => {
        const request = new pb.CheckRequest().setUrn(urn("kubernetes:core/v1:ConfigMap")).setNews(toStruct(inputs));
        const checked = fromStruct(
            (await ask<pb.CheckRequest, pb.CheckResponse>(client, client.check, request)).getInputs(),
        );
        assert.equal((checked["metadata"] as JsonObject)["namespace"], "from-context");
        assert.deepEqual(reveal(checked).secrets, [["data", "token"]]);
    });

    it("previews from the declared inputs; what only the cluster knows is unknown", async () => {
        const request = new pb.CreateRequest()
            .setUrn(urn("kubernetes:core/v1:ConfigMap"))
            .setProperties(toStruct(inputs))
            .setPreview(true);
        const created = await ask<pb.CreateRequest, pb.CreateResponse>(client, client.create, request);
        const outputs = reveal(fromStruct(created.getProperties()));
        assert.equal(outputs.value["status"], UNKNOWN);
        assert.equal(created.getId(), "");
        assert.ok(outputs.secrets.some((path) => path.join(".") === "data.token"));
    });

    it("describes differences in detail", async () => {
        const deployment = (app: string) =>
            toStruct({
                apiVersion: "apps/v1",
                kind: "Deployment",
                metadata: { name: "a" },
                spec: { selector: { app } },
            });
        const request = new pb.DiffRequest().setUrn(urn("kubernetes:apps/v1:Deployment"));
        request.setOlds(deployment("1")).setOldInputs(deployment("1")).setNews(deployment("2"));
        const diff = await ask<pb.DiffRequest, pb.DiffResponse>(client, client.diff, request);
        assert.equal(diff.getChanges(), pb.DiffResponse.DiffChanges.DIFF_SOME);
        assert.deepEqual(diff.getReplacesList(), ["spec.selector.app"]);
        assert.equal(
            diff.getDetaileddiffMap().get("spec.selector.app")?.getKind(),
            pb.PropertyDiff.Kind.UPDATE_REPLACE,
        );
        assert.equal(diff.getDeletebeforereplace(), true);
    });

    it("refuses components with advice", async () => {
        const request = new pb.ConstructRequest().setType("kubernetes:yaml/v2:ConfigFile");
        await assert.rejects(
            ask<pb.ConstructRequest, pb.ConstructResponse>(client, client.construct, request),
            /does not offer kubernetes:yaml\/v2:ConfigFile. Register each object/,
        );
    });

    it("replaces everything for another cluster, nothing for another token", async () => {
        const options = (server: string, token: string) =>
            toStruct({
                kubeconfig: JSON.stringify({
                    "current-context": "a",
                    contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
                    clusters: [{ name: "a", cluster: { server } }],
                    users: [{ name: "a", user: { token } }],
                }),
            });
        const diff = (server: string, token: string) =>
            ask<pb.DiffRequest, pb.DiffResponse>(
                client,
                client.diffConfig,
                new pb.DiffRequest().setOlds(options("https://a", "1")).setNews(options(server, token)),
            );
        assert.deepEqual((await diff("https://b", "1")).getReplacesList(), ["kubeconfig"]);
        const token = await diff("https://a", "2");
        assert.deepEqual([token.getReplacesList(), token.getDiffsList()], [[], ["kubeconfig"]]);
    });
});

describe("the cloud provider", () => {
    it("previews and refuses to create", async () => {
        const client = new ResourceProviderClient(
            await serve(ResourceProviderService, cloudProvider("aws", "v7.0.0")),
            grpc.credentials.createInsecure(),
        );
        const request = new pb.CreateRequest().setUrn(urn("aws:s3/bucket:Bucket")).setProperties(toStruct({ a: 1 }));
        const preview = await ask<pb.CreateRequest, pb.CreateResponse>(
            client,
            client.create,
            request.clone().setPreview(true),
        );
        assert.deepEqual(fromStruct(preview.getProperties()), { a: 1 });
        await assert.rejects(
            ask<pb.CreateRequest, pb.CreateResponse>(client, client.create, request),
            /stand-in aws provider can only preview/,
        );
        const invoke = new pb.InvokeRequest().setTok("aws:index/getRegion:getRegion").setArgs(toStruct({}));
        const answer = await ask<pb.InvokeRequest, pb.InvokeResponse>(client, client.invoke, invoke);
        assert.equal(fromStruct(answer.getReturn())["name"], "us-east-1");
        client.close();
    });
});

describe("what the cloud provider shows beneath components", () => {
    it("is the cluster of eks.Cluster, with what the component hands on to it, and nothing of others", () => {
        const [cluster, ...others] = componentChildren("eks:index:Cluster", {
            name: "a",
            subnetIds: [UNKNOWN],
            endpointPublicAccess: false,
            encryptionConfigKeyArn: UNKNOWN,
            skipDefaultNodeGroup: true,
        });
        assert.deepEqual(others, []);
        assert.equal(cluster?.type, "aws:eks/cluster:Cluster");
        assert.deepEqual(cluster?.inputs, {
            name: "a",
            roleArn: UNKNOWN,
            vpcConfig: { subnetIds: [UNKNOWN], endpointPublicAccess: false, securityGroupIds: UNKNOWN },
            encryptionConfig: { provider: { keyArn: UNKNOWN }, resources: ["secrets"] },
        });
        assert.deepEqual(componentChildren("eks:index:ManagedNodeGroup", {}), []);
    });
});

describe("the language host", () => {
    it("finds the plugins that the program's packages need", async () => {
        const host = languageHost({ engine: "", version: "3.0.0", children: new Children() });
        const address = await serve(LanguageRuntimeService, host as grpc.UntypedServiceImplementation);
        const client = new LanguageRuntimeClient(address, grpc.credentials.createInsecure());
        const info = new ProgramInfo().setProgramDirectory(join(__dirname, "..", "..", ".."));
        const request = new GetRequiredPackagesRequest().setInfo(info);
        const response = await ask<GetRequiredPackagesRequest, GetRequiredPackagesResponse>(
            client,
            client.getRequiredPackages,
            request,
        );
        const names = response.getPackagesList().map((each) => each.getName());
        for (const name of ["kubernetes", "aws", "eks"]) assert.ok(names.includes(name), name);
        client.close();
    });
});
