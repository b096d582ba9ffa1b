import {
    chmodSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kindPaths, type KindPaths } from "../../../../components/cluster/kind/paths";

/**
 * Stand-ins for `kind`, `docker` and `podman`: shell scripts that write down how they were called and keep nodes as files.
 * They show what the program asks for, and nothing of what the real ones do with it.
 */

/** Name, id, state (true or false: runs) of a node, and the port mapping of the first one, are lines of its file. */
const kind = `#!/bin/sh
echo "kind $*" >> "$STAND_IN/calls"
name() { while [ $# -gt 0 ]; do [ "$1" = --name ] && echo "$2"; shift; done; }
cluster=$(name "$@")
if [ -f "$STAND_IN/fail.kind-$1-$2" ]; then cat "$STAND_IN/fail.kind-$1-$2" >&2; failed=1; fi
grep -qs once "$STAND_IN/fail.kind-$1-$2" && rm "$STAND_IN/fail.kind-$1-$2"
case "$1 $2" in
"version "*) cat "$STAND_IN/version" ;;
"get nodes") ls "$STAND_IN/nodes" | grep "^$cluster-" || echo "No kind nodes found for cluster." >&2 ;;
"create cluster")
    echo " ✓ Preparing nodes 📦 " >&2
    if [ -n "$failed" ] && grep -q already "$STAND_IN/fail.kind-create-cluster"; then exit 1; fi
    for node in control-plane worker; do
        echo "id-$$-$node" > "$STAND_IN/nodes/$cluster-$node"; echo true >> "$STAND_IN/nodes/$cluster-$node"
    done
    [ -f "$STAND_IN/hang" ] && { touch "$STAND_IN/hanging"; sleep 60; }
    [ -n "$failed" ] && exit 1
    while [ $# -gt 0 ]; do [ "$1" = --kubeconfig ] && echo "kubeconfig of $cluster" > "$2"; shift; done ;;
"export kubeconfig")
    while [ $# -gt 0 ]; do [ "$1" = --kubeconfig ] && echo "kubeconfig of $cluster" > "$2"; shift; done ;;
"delete cluster") [ -n "$failed" ] || rm -f "$STAND_IN/nodes/$cluster-"* ;;
esac
[ -z "$failed" ]
`;

const runtime = `#!/bin/sh
program=$(basename "$0")
echo "$program $*" >> "$STAND_IN/calls"
if [ -f "$STAND_IN/fail.$program-$1" ]; then cat "$STAND_IN/fail.$program-$1" >&2; exit 1; fi
case "$1" in
inspect)
    shift 3
    printf '['
    for node in "$@"; do
        { read -r id; read -r running; } < "$STAND_IN/nodes/$node"
        role=\${node##*-}; [ "$role" = plane ] && role=control-plane
        printf '%s{"Id":"%s","Name":"/%s","State":{"Running":%s},' "$comma" "$id" "$node" "$running"
        printf '"Config":{"Labels":{"io.x-k8s.kind.role":"%s"}},' "$role"
        printf '"NetworkSettings":{"Networks":{"kind":{"IPAddress":"172.18.0.2"}},'
        printf '"Ports":{"6443/tcp":[{"HostIp":"127.0.0.1","HostPort":"40000"}],"30000/tcp":[{"HostIp":"127.0.0.1","HostPort":"8000"}],"1/tcp":null}}}'
        comma=,
    done
    printf ']' ;;
start) shift; for node in "$@"; do
    id=$(head -1 "$STAND_IN/nodes/$node"); { echo "$id"; echo true; } > "$STAND_IN/nodes/$node"; done ;;
exec) case "$*" in *"get nodes"*) cat "$STAND_IN/zones" ;; esac ;;
esac
`;

/** What the scripts use: no other program of the machine is on PATH. */
const utilities = ["basename", "cat", "grep", "head", "ls", "rm", "sleep", "touch"];

/** A folder with the stand-ins, and what they were asked. */
export class StandIns {
    readonly directory = mkdtempSync(join(tmpdir(), "kind-stand-ins-"));
    readonly paths: KindPaths;
    private readonly bin = join(this.directory, "bin");

    /** @param programs Which of `kind`, `docker`, `podman` there are. */
    constructor(
        readonly cluster: string,
        programs: readonly string[] = ["kind", "docker"],
    ) {
        this.paths = kindPaths(cluster, join(this.directory, "clusters"));
        mkdirSync(join(this.directory, "nodes"));
        mkdirSync(this.bin);
        for (const program of programs) {
            writeFileSync(join(this.bin, program), program === "kind" ? kind : runtime);
            chmodSync(join(this.bin, program), 0o755);
        }
        for (const utility of utilities)
            symlinkSync(
                ["/usr/bin", "/bin"].map((folder) => join(folder, utility)).find(existsSync)!,
                join(this.bin, utility),
            );
        this.write("calls", "");
        this.write("version", "kind v0.33.0 go1.26 linux/amd64\n");
        this.setZones("zone-a", "zone-b");
    }

    /** The environment in which they are found, and no real ones. */
    get env(): NodeJS.ProcessEnv {
        return { PATH: this.bin, STAND_IN: this.directory };
    }

    /** What they were called with, without what only looks. */
    get changes(): string[] {
        const looks = /^(kind (version|get )|(docker|podman) (version|info|inspect|exec))/;
        return readFileSync(join(this.directory, "calls"), "utf8")
            .split("\n")
            .filter((line) => line !== "" && !looks.test(line))
            .map((line) => line.replaceAll(this.directory, "DIR"));
    }

    forgetCalls(): void {
        this.write("calls", "");
    }

    /** The nodes that there are. */
    get nodes(): string[] {
        return readdirSync(join(this.directory, "nodes"));
    }

    /** Whether anything of the cluster is left in its folder. */
    get hasFiles(): boolean {
        return existsSync(this.paths.directory);
    }

    /** Makes a node as somebody else would. */
    addNode(name: string, id: string, running = true): void {
        this.write(join("nodes", name), `${id}\n${running}\n`);
    }

    /** Has a command fail with a message: `kind-create-cluster`, `docker-version` ...; only once where the message says so. */
    fail(command: string, message: string): void {
        this.write(`fail.${command}`, `${message}\n`);
    }

    setZones(...zones: string[]): void {
        const items = zones.map((zone) => ({ metadata: { labels: { "topology.kubernetes.io/zone": zone } } }));
        this.write("zones", JSON.stringify({ items }));
    }

    write(file: string, content: string): void {
        writeFileSync(join(this.directory, file), content);
    }

    has(file: string): boolean {
        return existsSync(join(this.directory, file));
    }

    remove(): void {
        rmSync(this.directory, { recursive: true, force: true });
    }
}
