package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// object is a configuration in JSON, which every Kubernetes program reads as YAML.
type object = map[string]any

// packetRules of a node beside kube-proxy's. What pods send to the outside carries the node's address. A service address that
// kube-proxy does not know (yet) is refused at once: else the packet would leave the machine and the sender wait in vain.
const packetRules = `table ip kubenode {
	chain postrouting {
		type nat hook postrouting priority srcnat
		ip saddr ` + podNetwork + ` ip daddr != ` + podNetwork + ` oifname "` + bridgeName + `" masquerade
	}
	chain forward {
		type filter hook forward priority filter
		ip daddr ` + serviceNetwork + ` reject
	}
}
`

// prepareNetwork sets what is the node's own: settings of its network namespace and the way out for pods.
func (n *node) prepareNetwork() error {
	for setting, value := range map[string]string{
		"net/ipv4/ip_forward":                "1",
		"net/bridge/bridge-nf-call-iptables": "1", // service addresses must work between pods on the same bridge
		"net/ipv4/tcp_orphan_retries":        "1", // a killed cluster's network namespace goes sooner
	} {
		if err := os.WriteFile("/proc/sys/"+setting, []byte(value), 0); err != nil {
			return fmt.Errorf("%w: the kernel module br_netfilter is needed (modprobe br_netfilter)", err)
		}
	}
	if err := writeFile("/run/kubenode.nft", []byte(packetRules), 0o644); err != nil {
		return err
	}
	return n.processes.run("nft", "/usr/sbin/nft", "-f", "/run/kubenode.nft")
}

// writeFiles writes the configuration of the node's programs.
func (n *node) writeFiles() error {
	files := map[string]string{
		"/etc/hosts":                      fmt.Sprintf("127.0.0.1 localhost\n%s %s\n", n.address, n.name),
		"/etc/hostname":                   n.name + "\n",
		"/etc/resolv.conf":                "nameserver " + n.subnet.host() + "\n",
		"/etc/containerd/config.toml":     containerdConfig(n.config, canRaisePriority()),
		"/etc/cni/net.d/10-pods.conflist": asJSON(cniConfig(n.index)),
		"/etc/kubelet.json":               asJSON(kubeletConfig()),
		"/etc/kube-proxy.json":            asJSON(kubeProxyConfig(n.config, n.name)),
	}
	for host, mirror := range n.config.RegistryMirrors {
		files["/etc/containerd/certs.d/"+host+"/hosts.toml"] = fmt.Sprintf("[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", mirror)
	}
	for path, content := range files {
		if err := writeFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func asJSON(value object) string {
	text, _ := json.MarshalIndent(value, "", "  ")
	return string(text) + "\n"
}

// canRaisePriority tells whether processes of the node may lower an oom_score_adj (CAP_SYS_RESOURCE).
func canRaisePriority() bool {
	const capSysResource = 24
	text, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(text), "\n") {
		var effective uint64
		if _, err := fmt.Sscanf(line, "CapEff: %x", &effective); err == nil {
			return effective>>capSysResource&1 == 1
		}
	}
	return false
}

func containerdConfig(config Config, canRaisePriority bool) string {
	lines := []string{
		"version = 2",
		`[plugins."io.containerd.grpc.v1.cri"]`,
		fmt.Sprintf("  sandbox_image = %q", config.SandboxImage),
		fmt.Sprintf("  restrict_oom_score_adj = %v", !canRaisePriority),
		`[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]`,
		`  runtime_type = "io.containerd.runc.v2"`,
		`[plugins."io.containerd.grpc.v1.cri".registry]`,
		`  config_path = "/etc/containerd/certs.d"`,
	}
	return strings.Join(lines, "\n") + "\n"
}

func cniConfig(index int) object {
	return object{
		"cniVersion": "1.0.0", "name": "pods",
		"plugins": []object{
			{
				"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
				"ipam": object{
					"type":   "host-local",
					"ranges": [][]object{{{"subnet": podSubnet(index)}}},
					"routes": []object{{"dst": "0.0.0.0/0"}},
				},
			},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
		},
	}
}

func kubeletConfig() object {
	return object{
		"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
		"authentication": object{
			"anonymous": object{"enabled": false}, "webhook": object{"enabled": true},
			"x509": object{"clientCAFile": "/etc/kubernetes/pki/ca.crt"},
		},
		"authorization":            object{"mode": "Webhook"},
		"cgroupDriver":             "cgroupfs",
		"failCgroupV1":             false,
		"failSwapOn":               false,
		"containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
		"clusterDNS":               []string{dnsAddress},
		"clusterDomain":            "cluster.local",
		"resolvConf":               "/etc/resolv.conf",
		"serializeImagePulls":      false,
		"containerLogMaxSize":      "10Mi",
		"containerLogMaxFiles":     2,
		// The disk is the user's: never remove imported images or pods to make room on it.
		"imageGCHighThresholdPercent": 100,
		"evictionHard": object{
			"nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%", "memory.available": "100Mi",
		},
		"volumePluginDir":           "/var/lib/kubelet/volumeplugins",
		"nodeStatusUpdateFrequency": "4s",
		"kubeAPIQPS":                200, "kubeAPIBurst": 400,
	}
}

func kubeProxyConfig(config Config, name string) object {
	return object{
		"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",
		"clientConnection": object{"kubeconfig": "/etc/kubernetes/kube-proxy.conf"},
		"mode":             config.ProxyMode,
		"clusterCIDR":      podNetwork,
		"hostnameOverride": name,
		// 0: leave the connection table, which is the whole machine's, as it is.
		"conntrack": object{"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
		"iptables":  object{"localhostNodePorts": false, "minSyncPeriod": "100ms", "syncPeriod": "30s"},
		"nftables":  object{"minSyncPeriod": "100ms", "syncPeriod": "30s"},
	}
}

func kubeletCommand(name, address, zone string) []string {
	labels := []string{"topology.kubernetes.io/zone=" + zone}
	sort.Strings(labels)
	return []string{
		"/k8s/kubelet", "--config=/etc/kubelet.json", "--kubeconfig=" + filepath.Join("/etc/kubernetes", name+".conf"),
		"--node-ip=" + address, "--hostname-override=" + name, "--node-labels=" + strings.Join(labels, ","),
	}
}

func kubeRouterCommand(name string) []string {
	return []string{
		"/k8s/kube-router", "--kubeconfig=" + kubernetesFolder + "/admin.conf",
		"--hostname-override=" + name, "--service-cluster-ip-range=" + serviceNetwork,
	}
}
