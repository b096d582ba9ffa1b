import assert from "node:assert/strict";
import type { MachineFacts } from "../../../components/cluster/embedded/machine";
import { cgroupControllers, fileSystemOf, freeSubnets } from "../../../components/cluster/embedded/machine";
import { neededDisk, neededMemory, problemsOf } from "../../../components/cluster/embedded/preflight";

const good: MachineFacts = {
    platform: "linux",
    user: 0,
    capabilities: 0x1fffeffffffn, // without CAP_SYS_RESOURCE, which is not needed
    cgroupControllers: ["cpu", "cpuset", "memory", "pids"],
    fileSystems: ["ext4", "overlay"],
    hasBridgeFilter: true,
    dataFileSystem: "ext4",
    freeDisk: neededDisk,
    freeMemory: neededMemory,
    usedPorts: [],
    freeInotifyInstances: 22,
    freeSubnets: 1,
};

describe("preflight of the embedded cluster", () => {
    it("has nothing against a good machine", () => assert.deepEqual(problemsOf(good), []));

    const cases: [string, Partial<MachineFacts>, RegExp, RegExp][] = [
        ["another system", { platform: "darwin" }, /needs Linux; this is darwin/, /kind: kind/],
        ["not root", { user: 1000, capabilities: 0n }, /root/, /sudo/],
        ["a restricted container", { capabilities: 0xa80425fbn }, /CAP_NET_ADMIN.*CAP_SYS_ADMIN/, /--privileged/],
        ["a missing controller", { cgroupControllers: ["cpu", "cpuset", "pids"] }, /missing: memory/, /cgroup_enable/],
        ["no overlay", { fileSystems: ["ext4"] }, /overlay/, /modprobe overlay/],
        ["no bridge filter", { hasBridgeFilter: false }, /br_netfilter/, /modprobe br_netfilter/],
        ["data on overlay", { dataFileSystem: "overlay" }, /overlay file system/, /volume/],
        ["a full disk", { freeDisk: 2 ** 30 }, /Only 1\.0 GiB are free.*4\.0 GiB/, /Make room/],
        ["little memory", { freeMemory: 2 ** 29 }, /Only 0\.5 GiB of memory/, /stop other clusters/],
        [
            "a port in use",
            { usedPorts: [{ port: 30000, owner: "nginx (process 7)" }] },
            /30000.*nginx \(process 7\)/,
            /hostPorts/,
        ],
        ["few inotify instances", { freeInotifyInstances: 21 }, /21 inotify.*22/, /max_user_instances=1024/],
        ["no free network", { freeSubnets: 0 }, /10\.88\.0\.0\/16/, /route/],
    ];
    for (const [title, facts, problem, remedy] of cases)
        it(`names ${title} and what to do`, () => {
            const problems = problemsOf({ ...good, ...facts });
            assert.equal(problems.length, 1);
            assert.match(problems[0]!.problem, problem);
            assert.match(problems[0]!.remedy, remedy);
        });

    it("asks for more inotify instances for more nodes", () => {
        assert.match(problemsOf(good, "local", 2)[0]!.problem, /31 are needed/);
    });

    it("names everything at once", () => {
        const all = { user: 1000, fileSystems: [], hasBridgeFilter: false, freeDisk: 0, freeMemory: 0, freeSubnets: 0 };
        assert.equal(problemsOf({ ...good, ...all }).length, 6);
    });
});

describe("facts about the machine", () => {
    it("knows the controllers of cgroup v1, hybrid and v2", () => {
        const hybrid = "9:name=systemd:/\n4:memory:/a\n2:cpu,cpuacct:/\n0::/\n";
        assert.deepEqual(cgroupControllers(hybrid, ""), ["memory", "cpu", "cpuacct"]);
        assert.deepEqual(cgroupControllers("0::/user.slice\n", "cpuset cpu memory pids\n"), [
            "cpuset",
            "cpu",
            "memory",
            "pids",
        ]);
    });

    it("finds the file system of a path by its longest mount point", () => {
        const mounts = [
            "1 0 8:1 / / rw - ext4 /dev/a rw",
            "2 1 0:9 / /work rw - xfs /dev/b rw",
            "3 1 0:8 / /wo rw - tmpfs t rw",
        ];
        assert.equal(fileSystemOf("/work/project", mounts.join("\n")), "xfs");
        assert.equal(fileSystemOf("/home", mounts.join("\n")), "ext4");
        assert.equal(fileSystemOf("/works", mounts.join("\n")), "ext4");
    });

    it("counts the networks that no route leads to", () => {
        const line = (network: string, mask: string) => `eth0\t${network}\t00000000\t0001\t0\t0\t0\t${mask}\t0\t0\t0`;
        const heading = "Iface\tDestination\tGateway ...";
        const table = (...routes: string[]) => [heading, ...routes].join("\n");
        assert.equal(freeSubnets(table(line("00000000", "00000000"))), 256, "the default route takes nothing");
        assert.equal(freeSubnets(table(line("0003580A", "00FFFFFF"))), 255, "10.88.3.0/24");
        assert.equal(freeSubnets(table(line("0000580A", "0000FFFF"))), 0, "10.88.0.0/16");
        assert.equal(freeSubnets(table(line("0505580A", "FFFFFFFF"))), 255, "10.88.5.5/32");
    });
});
