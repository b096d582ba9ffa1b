package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Config describes a cluster. Everything has been validated by the caller; validate repeats what would be dangerous.
type Config struct {
	// Name of the cluster and of its first node; further nodes are NAME-2, NAME-3 ...
	Name string `json:"name"`
	// Nodes in order; the first one carries the control plane.
	Nodes []NodeConfig `json:"nodes"`
	// HostPorts are opened on 127.0.0.1 and lead to NodePorts.
	HostPorts []HostPort `json:"hostPorts"`
	// Bin holds the Kubernetes programs, etcd and the CNI plugins.
	Bin string `json:"bin"`
	// System is the root of the extracted Debian packages: usr/bin/containerd, usr/sbin/runc, usr/sbin/nft ...
	System string `json:"system"`
	// Images are imported into every node before the cluster counts as ready, in this order. The archive of an image that
	// a node has already may be gone: a newer one has replaced it.
	Images []Image `json:"images"`
	// ProxyMode of kube-proxy: nftables (default) or iptables.
	ProxyMode string `json:"proxyMode"`
	// NetworkPolicies: whether the nodes enforce them. The CNI plugins alone do not.
	NetworkPolicies bool `json:"networkPolicies"`
	// SandboxImage of containerd.
	SandboxImage string `json:"sandboxImage"`
	// RegistryMirrors: registry host -> URL that containerd asks first.
	RegistryMirrors map[string]string `json:"registryMirrors"`
}

// NodeConfig is one node.
type NodeConfig struct {
	// Zone is the value of the label topology.kubernetes.io/zone.
	Zone string `json:"zone"`
}

// HostPort is a port of the host that leads to a NodePort.
type HostPort struct {
	HostPort int `json:"hostPort"`
	NodePort int `json:"nodePort"`
}

// Image is a container image in a docker-archive or OCI archive.
type Image struct {
	Name    string `json:"name"`
	Archive string `json:"archive"`
	Digest  string `json:"digest"`
}

// Addresses inside the cluster. They exist in the nodes' network namespaces only, so that clusters side by side share them.
const (
	podNetwork     = "10.244.0.0/16"
	serviceNetwork = "10.96.0.0/16"
	dnsAddress     = "10.96.0.10"
	apiPort        = 6443
)

func (c Config) nodeName(index int) string {
	if index == 0 {
		return c.Name
	}
	return fmt.Sprintf("%s-%d", c.Name, index+1)
}

// podSubnet of a node: every node has a /24 of the pod network.
func podSubnet(index int) string { return fmt.Sprintf("10.244.%d.0/24", index) }

func loadConfig(l layout) (Config, error) {
	config := Config{ProxyMode: "nftables", SandboxImage: "registry.k8s.io/pause:3.10"}
	text, err := os.ReadFile(l.config())
	if err != nil {
		return config, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&config); err != nil {
		return config, fmt.Errorf("%s: %w", l.config(), err)
	}
	return config, config.validate(l)
}

func (c Config) validate(l layout) error {
	problem := func(format string, values ...any) error {
		return fmt.Errorf(l.config()+": "+format, values...)
	}
	switch {
	case !filepath.IsAbs(l.data):
		return problem("the data folder must be an absolute path")
	case c.Name == "" || strings.ContainsAny(c.Name, "/. "):
		return problem("name %q is not a DNS label", c.Name)
	case len(c.Nodes) == 0 || len(c.Nodes) > 16:
		return problem("%d nodes: 1 to 16 are possible", len(c.Nodes))
	case c.ProxyMode != "nftables" && c.ProxyMode != "iptables":
		return problem("proxyMode %q: nftables or iptables", c.ProxyMode)
	case !filepath.IsAbs(c.Bin) || !filepath.IsAbs(c.System):
		return problem("bin and system must be absolute paths")
	}
	programs := []string{
		c.Bin + "/kube-apiserver", c.Bin + "/kube-controller-manager", c.Bin + "/kube-scheduler", c.Bin + "/kubelet",
		c.Bin + "/kube-proxy", c.Bin + "/kubeadm", c.Bin + "/etcd", c.Bin + "/bridge", c.Bin + "/host-local",
		c.Bin + "/loopback", c.Bin + "/portmap", c.System + "/usr/bin/containerd", c.System + "/usr/bin/ctr",
		c.System + "/usr/sbin/runc", c.System + "/usr/sbin/nft", c.System + "/usr/sbin/xtables-nft-multi",
	}
	if c.NetworkPolicies {
		programs = append(programs, c.Bin+"/kube-router", c.System+"/usr/sbin/ipset")
	}
	for _, program := range programs {
		if _, err := os.Stat(program); err != nil {
			return problem("program missing: %w", err)
		}
	}
	return nil
}
