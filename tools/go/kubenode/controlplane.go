package main

import (
	"os"
	"strings"
	"time"
)

const (
	kubernetesFolder = "/etc/kubernetes"
	pkiFolder        = kubernetesFolder + "/pki"
	kubeadmFile      = "/etc/kubeadm.json"
)

// startControlPlane starts etcd and the API server; on the first start it makes the certificates meanwhile.
func (n *node) startControlPlane() error {
	if err := n.start("etcd", etcdCommand()...); err != nil {
		return err
	}
	if err := n.makeCertificates(); err != nil {
		return err
	}
	if err := n.start("kube-apiserver", apiServerCommand(n.address)...); err != nil {
		return err
	}
	return n.makeKubeconfigs()
}

// startControllers starts what ends at once when the API server is not ready.
func (n *node) startControllers() error {
	if err := n.start("kube-controller-manager", controllerManagerCommand()...); err != nil {
		return err
	}
	return n.start("kube-scheduler", schedulerCommand()...)
}

// etcdCommand: etcd on the loopback interface of the node. Without fsync a power failure can cost the cluster's state,
// which a new start makes anew; a killed etcd loses nothing.
func etcdCommand() []string {
	return []string{
		"/k8s/etcd", "--data-dir=/var/lib/etcd", "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379",
		"--listen-peer-urls=http://127.0.0.1:2380", "--initial-advertise-peer-urls=http://127.0.0.1:2380",
		"--initial-cluster=default=http://127.0.0.1:2380",
	}
}

func apiServerCommand(address string) []string {
	return []string{
		"/k8s/kube-apiserver",
		"--etcd-servers=http://127.0.0.1:2379",
		"--advertise-address=" + address,
		"--service-cluster-ip-range=" + serviceNetwork,
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--client-ca-file=" + pkiFolder + "/ca.crt",
		"--tls-cert-file=" + pkiFolder + "/apiserver.crt",
		"--tls-private-key-file=" + pkiFolder + "/apiserver.key",
		"--kubelet-client-certificate=" + pkiFolder + "/apiserver-kubelet-client.crt",
		"--kubelet-client-key=" + pkiFolder + "/apiserver-kubelet-client.key",
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + pkiFolder + "/sa.pub",
		"--service-account-signing-key-file=" + pkiFolder + "/sa.key",
		"--requestheader-client-ca-file=" + pkiFolder + "/front-proxy-ca.crt",
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User",
		"--proxy-client-cert-file=" + pkiFolder + "/front-proxy-client.crt",
		"--proxy-client-key-file=" + pkiFolder + "/front-proxy-client.key",
		"--enable-aggregator-routing=true",
		"--profiling=false",
	}
}

// controllerManagerCommand: the default limit of 20 requests a second delays the start by seconds, because each of some
// thirty controllers fetches a token of its own.
func controllerManagerCommand() []string {
	return append([]string{"/k8s/kube-controller-manager"}, append(credentials("controller-manager"),
		"--use-service-account-credentials=true",
		"--service-account-private-key-file="+pkiFolder+"/sa.key",
		"--root-ca-file="+pkiFolder+"/ca.crt",
		"--cluster-signing-cert-file="+pkiFolder+"/ca.crt",
		"--cluster-signing-key-file="+pkiFolder+"/ca.key",
		"--kube-api-qps=300", "--kube-api-burst=600",
	)...)
}

func schedulerCommand() []string {
	return append([]string{"/k8s/kube-scheduler"}, append(credentials("scheduler"), "--kube-api-qps=300", "--kube-api-burst=600")...)
}

func credentials(program string) []string {
	file := kubernetesFolder + "/" + program + ".conf"
	return []string{
		"--kubeconfig=" + file, "--authentication-kubeconfig=" + file, "--authorization-kubeconfig=" + file,
		"--bind-address=127.0.0.1", "--leader-elect=false", "--profiling=false",
	}
}

// kubeadmConfig describes the cluster to `kubeadm init phase`.
func kubeadmConfig(config Config, version, address string) string {
	return asJSON(object{
		"apiVersion": "kubeadm.k8s.io/v1beta4", "kind": "InitConfiguration",
		"localAPIEndpoint": object{"advertiseAddress": address, "bindPort": apiPort},
		"nodeRegistration": object{"name": config.nodeName(0), "criSocket": "unix:///run/containerd/containerd.sock"},
	}) + "---\n" + asJSON(object{
		"apiVersion": "kubeadm.k8s.io/v1beta4", "kind": "ClusterConfiguration",
		"kubernetesVersion":         version,
		"clusterName":               config.Name,
		"encryptionAlgorithm":       "ECDSA-P256",
		"certificateValidityPeriod": "87600h0m0s",
		"networking":                object{"serviceSubnet": serviceNetwork, "podSubnet": podNetwork, "dnsDomain": "cluster.local"},
		"apiServer":                 object{"certSANs": []string{"localhost", "127.0.0.1"}},
	})
}

// kubeadm runs a phase of `kubeadm init`.
func (n *node) kubeadm(arguments ...string) error {
	return n.processes.run("kubeadm", append([]string{"/k8s/kubeadm"}, append(arguments, "--config="+kubeadmFile)...)...)
}

// makeCertificates makes the certificates once; the API server's again when the node's address is another one.
func (n *node) makeCertificates() error {
	const addressFile = pkiFolder + "/address"
	if text, err := os.ReadFile(addressFile); err == nil && strings.TrimSpace(string(text)) == n.address {
		return nil
	}
	version, err := n.processes.output("kubeadm", "/k8s/kubeadm", "version", "--output=short")
	if err != nil {
		return err
	}
	if err := writeFile(kubeadmFile, []byte(kubeadmConfig(n.config, strings.TrimSpace(version), n.address)), 0o600); err != nil {
		return err
	}
	old := []string{pkiFolder + "/apiserver.crt", pkiFolder + "/apiserver.key"}
	entries, _ := os.ReadDir(kubernetesFolder)
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".conf") {
			old = append(old, kubernetesFolder+"/"+entry.Name())
		}
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	if err := n.kubeadm("init", "phase", "certs", "all"); err != nil {
		return err
	}
	return writeFile(addressFile, []byte(n.address+"\n"), 0o644)
}

// makeKubeconfigs makes a kubeconfig per program and the administrator's, each once.
func (n *node) makeKubeconfigs() error {
	if !exists(kubernetesFolder + "/admin.conf") {
		for _, phase := range []string{"super-admin", "controller-manager", "scheduler"} {
			if err := n.kubeadm("init", "phase", "kubeconfig", phase); err != nil {
				return err
			}
		}
		text, err := n.processes.output("kubeadm", "/k8s/kubeadm", "kubeconfig", "user", "--client-name=system:kube-proxy", "--validity-period=87600h", "--config="+kubeadmFile)
		if err != nil {
			return err
		}
		if err := writeFile(kubernetesFolder+"/kube-proxy.conf", []byte(text), 0o600); err != nil {
			return err
		}
		// The other administrator of kubeadm needs a role binding that only a whole `kubeadm init` makes.
		if err := os.Rename(kubernetesFolder+"/super-admin.conf", kubernetesFolder+"/admin.conf"); err != nil {
			return err
		}
	}
	for index := range n.config.Nodes {
		name := n.config.nodeName(index)
		file := kubernetesFolder + "/" + name + ".conf"
		if exists(file) {
			continue
		}
		if err := n.kubeadm("init", "phase", "kubeconfig", "kubelet", "--node-name="+name); err != nil {
			return err
		}
		if err := os.Rename(kubernetesFolder+"/kubelet.conf", file); err != nil {
			return err
		}
	}
	n.milestone(milestoneKubeconfig)
	return nil
}

// applyAddons installs CoreDNS once. Two replicas of it are one too many for one machine.
func (n *node) applyAddons() error {
	const mark = kubernetesFolder + "/addons-applied"
	if exists(mark) {
		return nil
	}
	err := waitFor("CoreDNS", 30*time.Second, func() error {
		return n.kubeadm("init", "phase", "addon", "coredns", "--kubeconfig="+kubernetesFolder+"/admin.conf")
	})
	if err != nil {
		return err
	}
	if err := n.api.scale("kube-system", "coredns", 1); err != nil {
		return err
	}
	return writeFile(mark, nil, 0o644)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
