import assert from "node:assert/strict";
import { hostsFile, kindConfigFile } from "../../../../components/cluster/kind/config-file";
import { meaningOf } from "../../../../components/cluster/kind/failures";
import { entranceOf } from "../../../../components/cluster/kind/kind-cluster";
import { readNodes } from "../../../../components/cluster/kind/nodes";
import { neededMemory, problemsOf, type KindMachineFacts } from "../../../../components/cluster/kind/preflight";
import { isAtLeast } from "../../../../components/cluster/kind/runtime";
import { kindCluster } from "../../../../components/config/cluster";

describe("kind cluster: what kind is given", () => {
    const defaults = kindCluster.parse({ kind: "kind" });
    const config = kindConfigFile(defaults, "/registries");

    it("P2 three nodes in three zones, and the gateway's ports on 127.0.0.1", () => {
        assert.deepEqual(
            config.nodes.map(({ role, labels }) => [role, labels["topology.kubernetes.io/zone"]]),
            [
                ["control-plane", "zone-a"],
                ["worker", "zone-b"],
                ["worker", "zone-c"],
            ],
        );
        assert.deepEqual(
            config.nodes[0]!.extraPortMappings,
            [32314, 30000, 30005].map((port) => ({
                containerPort: port,
                hostPort: port,
                listenAddress: "127.0.0.1",
                protocol: "TCP",
            })),
        );
        assert.ok(config.nodes.slice(1).every((node) => !("extraPortMappings" in node)));
    });

    it("pods run on the control plane's node, too, which kind sees to itself where it is the only one", () => {
        assert.deepEqual(config.kubeadmConfigPatches, ["kind: InitConfiguration\nnodeRegistration:\n  taints: []\n"]);
        const single = kindConfigFile({ ...defaults, nodes: [{ zone: "a" }], hostPorts: [] }, "/registries");
        assert.equal(single.kubeadmConfigPatches, undefined);
        assert.ok(!("extraPortMappings" in single.nodes[0]!));
    });

    it("the image of the nodes where one is named, and the mirrors in each", () => {
        assert.ok(config.nodes.every((node) => !("image" in node)));
        const named = kindConfigFile({ ...defaults, nodeImage: "mirror.example/node:v1" }, "/registries");
        assert.ok(named.nodes.every(({ image }) => image === "mirror.example/node:v1"));
        for (const { extraMounts } of named.nodes)
            assert.deepEqual(extraMounts, [
                { hostPath: "/registries", containerPath: "/etc/containerd/certs.d", readOnly: true },
            ]);
        assert.match(named.containerdConfigPatches[0]!, /config_path = "\/etc\/containerd\/certs\.d"/);
    });

    it("P7 mirrors in their order, then the registry", () => {
        assert.equal(
            hostsFile("docker.io", ["https://one.example", "http://two.example:5000"]),
            [
                'server = "https://registry-1.docker.io"',
                "",
                '[host."https://one.example"]',
                '  capabilities = ["pull", "resolve"]',
                "",
                '[host."http://two.example:5000"]',
                '  capabilities = ["pull", "resolve"]',
                "",
            ].join("\n"),
        );
        assert.match(hostsFile("registry.example", []), /server = "https:\/\/registry\.example"/);
    });
});

describe("kind cluster: where the gateway answers", () => {
    const hostPorts = [{ hostPort: 8000, nodePort: 30000 }];

    it("on the host port of its NodePort", () =>
        assert.deepEqual(entranceOf(hostPorts, "172.18.0.2", 30000), { address: "127.0.0.1", port: 8000 }));

    it("on the node where none leads to it", () =>
        assert.deepEqual(entranceOf(hostPorts, "172.18.0.2", 32314), { address: "172.18.0.2", port: 32314 }));
});

describe("kind cluster: what the runtime says of nodes", () => {
    const node = (name: string, role: string) => ({
        Id: `id of ${name}`,
        Name: name,
        State: { Running: true },
        Config: { Labels: { "io.x-k8s.kind.role": role } },
        NetworkSettings: { Networks: { kind: { IPAddress: "10.89.0.2" } }, Ports: { "30000/tcp": null } },
    });

    it("the control plane's comes first", () => {
        const nodes = readNodes(JSON.stringify([node("a-worker", "worker"), node("b-control-plane", "control-plane")]));
        assert.deepEqual(
            nodes.map(({ name, hasControlPlane, ports }) => [name, hasControlPlane, ports]),
            [
                ["b-control-plane", true, []],
                ["a-worker", false, []],
            ],
        );
    });

    it("something else is refused by the name of what is missing", () =>
        assert.throws(() => readNodes('[{"Id":"x"}]'), /Name/));
});

describe("kind cluster: what its messages mean", () => {
    const cases: [output: string, meaning: RegExp][] = [
        ["listen tcp4 127.0.0.1:30005: bind: address already in use", /Port 30005/],
        ["Error: rootlessport listen tcp 127.0.0.1:30000: bind: address already in use", /Port 30000/],
        ["failed to create fsnotify watcher: too many open files", /max_user_instances=1024/],
        ["write /var/lib: no space left on device", /disk is full/],
        ["running kind with rootless provider requires cgroup v2", /rootless runtime/],
        ["Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?", /runtime has ended/],
        ["unable to apply caps: operation not permitted", /privileged containers/],
        ["[kubelet-check] The kubelet is not healthy after 4m0s", /not come up in time/],
        ["", /says nothing/],
    ];
    for (const [output, meaning] of cases) it(output || "nothing", () => assert.match(meaningOf(output), meaning));
});

describe("kind cluster: preflight", () => {
    const request = { name: "dev", nodes: [{ zone: "a" }, { zone: "b" }] };
    const good: KindMachineFacts = {
        runtime: { name: "docker" },
        kind: "0.33.0",
        usedPorts: [],
        freeMemory: neededMemory(2),
        freeInotifyInstances: 1024,
    };

    it("has nothing against a good machine, or one that does not tell its memory", () => {
        assert.deepEqual(problemsOf(good, request), []);
        assert.deepEqual(problemsOf({ ...good, freeMemory: undefined, freeInotifyInstances: Infinity }, request), []);
    });

    const cases: [title: string, facts: Partial<KindMachineFacts>, problem: RegExp][] = [
        ["a port in use", { usedPorts: [{ port: 30000, owner: "nginx (process 7)" }] }, /30000 .*nginx \(process 7\)/],
        ["little memory", { freeMemory: 2 ** 30 }, /Only 1\.0 GiB.*3\.5 GiB/],
        ["few inotify instances", { freeInotifyInstances: 3 }, /Only 3 inotify instances/],
    ];
    for (const [title, facts, problem] of cases)
        it(`names ${title}`, () => {
            const problems = problemsOf({ ...good, ...facts }, request);
            assert.equal(problems.length, 1);
            assert.match(problems[0]!.problem, problem);
        });

    it("names everything at once", () =>
        assert.equal(
            problemsOf({ usedPorts: [{ port: 1 }], freeMemory: 0, freeInotifyInstances: 0 }, request).length,
            5,
        ));

    it("compares versions by their numbers", () => {
        for (const [version, result] of [
            ["0.20.0", true],
            ["0.9.0", false],
            ["0.33.1", true],
            ["1.0.0", true],
            ["0.20.0-alpha", true],
        ] as const)
            assert.equal(isAtLeast(version, "0.20.0"), result, version);
    });
});
