package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// sharedSettings are kernel settings of the whole machine that kubelet insists on setting. In a node they are files of
// its own: kubelet writes into those, and the machine keeps its values.
var sharedSettings = []string{
	"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
	"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
}

// enterRoot makes a node's root file system and moves this process into it. It runs in the node's mount namespace:
// nothing of it is seen outside.
func enterRoot(l layout, config Config, index int) error {
	name := config.nodeName(index)
	root := l.root(name)
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	groups, err := hierarchies()
	if err != nil {
		return err
	}
	for _, folder := range []string{
		"dev", "etc/cni/net.d", "etc/kubernetes", "etc/containerd/certs.d", "mnt", "old", "opt/bin", "opt/cni/bin", "proc", "root", "run",
		"sys", "tmp", "usr", "k8s", "var/lib/containerd", "var/lib/kubelet", "var/lib/etcd", "var/log",
	} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			return err
		}
	}
	links := map[string]string{"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64", "var/run": "/run"}
	for _, plugin := range []string{"bridge", "host-local", "loopback", "portmap"} {
		links["opt/cni/bin/"+plugin] = "/k8s/" + plugin
	}
	for _, program := range []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"} {
		links["opt/bin/"+program] = "/usr/sbin/xtables-nft-multi" // Debian makes these links when it installs the package
	}
	for link, target := range links {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil && !os.IsExist(err) {
			return err
		}
	}
	if err := mountRoot(root, config); err != nil {
		return err
	}
	if err := mountCgroups(root, groups); err != nil {
		return err
	}
	if err := shieldSettings(root); err != nil {
		return err
	}
	if index > 0 { // certificates are made by the first node
		err := unix.Mount(filepath.Join(l.root(config.nodeName(0)), "etc/kubernetes"), filepath.Join(root, "etc/kubernetes"), "", unix.MS_BIND, "")
		if err != nil {
			return fmt.Errorf("sharing certificates: %w", err)
		}
	}
	for _, file := range []string{"passwd", "group", "protocols", "services", "nsswitch.conf", "ld.so.conf", "ld.so.cache"} {
		if text, err := os.ReadFile("/etc/" + file); err == nil {
			if err := os.WriteFile(filepath.Join(root, "etc", file), text, 0o644); err != nil {
				return err
			}
		}
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "old"); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	if err := unix.Unmount("/old", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leaving the host's file system: %w", err)
	}
	return unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, "") // volumes of pods must propagate
}

func mountRoot(root string, config Config) error {
	type mount struct {
		source, target, kind string
		flags                uintptr
		options              string
	}
	for _, m := range []mount{
		{root, "", "", unix.MS_BIND, ""},
		// The extracted packages over the host's own programs and libraries, read-only.
		{"usr", "usr", "overlay", unix.MS_RDONLY, "lowerdir=" + filepath.Join(config.System, "usr") + ":/usr"},
		{config.Bin, "k8s", "", unix.MS_BIND, ""},
		{"", "k8s", "", unix.MS_BIND | unix.MS_REMOUNT | unix.MS_RDONLY, ""},
		{"/dev", "dev", "", unix.MS_BIND | unix.MS_REC, ""},
		{"proc", "proc", "proc", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
		{"sysfs", "sys", "sysfs", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
		{"tmpfs", "run", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=755"},
		{"tmpfs", "tmp", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=1777"},
	} {
		if err := unix.Mount(m.source, filepath.Join(root, m.target), m.kind, m.flags, m.options); err != nil {
			return fmt.Errorf("mounting /%s of the node: %w", m.target, err)
		}
	}
	return nil
}

func shieldSettings(root string) error {
	for _, setting := range sharedSettings {
		value, err := os.ReadFile("/proc/sys/" + setting)
		if err != nil {
			continue // the kernel does not have it: kubelet does not either
		}
		file := filepath.Join(root, "run/settings", setting)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, value, 0o644); err != nil {
			return err
		}
		if err := unix.Mount(file, filepath.Join(root, "proc/sys", setting), "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("shielding %s: %w", setting, err)
		}
	}
	return nil
}

// environment of every program in a node.
func environment() []string {
	variables := []string{
		"PATH=/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/k8s", "HOME=/root",
	}
	libraries, _ := filepath.Glob("/usr/lib/*-linux-gnu") // on a host that is not Debian the loader does not look there
	if len(libraries) > 0 {
		variables = append(variables, "LD_LIBRARY_PATH="+strings.Join(libraries, ":"))
	}
	return variables
}

// downloadEnvironment is what containerd alone gets for its image downloads: see egress.go. The API server must not have
// it: its calls to webhooks in the cluster would go out to the host's proxy.
func downloadEnvironment(s subnet) []string {
	proxy := "http://" + net.JoinHostPort(s.host(), proxyPort)
	inside := strings.Join([]string{"localhost", "127.0.0.1", s.String(), podNetwork, serviceNetwork, ".svc", ".cluster.local"}, ",")
	return []string{"HTTP_PROXY=" + proxy, "HTTPS_PROXY=" + proxy, "NO_PROXY=" + inside}
}
