package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A cluster's cgroups are kubenode/ID/NODE in every hierarchy of the host, beside those of other programs.
const cgroupParent = "kubenode"

// hierarchy is a mounted cgroup hierarchy of the host.
type hierarchy struct {
	// mountPoint on the host.
	mountPoint string
	// controllers as the kernel names them: "memory", "cpu,cpuacct", "name=systemd"; empty for cgroup v2.
	controllers string
}

func (h hierarchy) unified() bool { return h.controllers == "" }

// hierarchies of the host that a node needs: all of cgroup v1, or the one of cgroup v2 where there is no v1.
//
// containerd's shim watches for OOM kills only if every v1 hierarchy that /proc/self/cgroup names is mounted.
func hierarchies() ([]hierarchy, error) {
	names, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	return parseHierarchies(string(names), string(mounts)), nil
}

func parseHierarchies(names, mounts string) []hierarchy {
	var v1, v2 []hierarchy
	for _, line := range strings.Split(mounts, "\n") {
		// 30 23 0:26 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
		before, after, found := strings.Cut(line, " - ")
		where, what := strings.Fields(before), strings.Fields(after)
		if !found || len(where) < 5 || len(what) < 3 {
			continue
		}
		switch what[0] {
		case "cgroup2":
			v2 = append(v2, hierarchy{where[4], ""})
		case "cgroup":
			options := strings.Split(what[2], ",")
			for _, name := range strings.Split(names, "\n") {
				parts := strings.SplitN(name, ":", 3)
				if len(parts) != 3 || parts[1] == "" {
					continue
				}
				all := true
				for _, controller := range strings.Split(parts[1], ",") {
					all = all && slices.Contains(options, controller)
				}
				known := slices.ContainsFunc(v1, func(h hierarchy) bool { return h.controllers == parts[1] })
				if all && !known {
					v1 = append(v1, hierarchy{where[4], parts[1]})
				}
			}
		}
	}
	if len(v1) > 0 {
		return v1
	}
	return v2[:min(1, len(v2))]
}

// joinCgroups moves this process into kubenode/ID/NODE of every hierarchy.
func joinCgroups(id, node string) error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	for _, h := range all {
		folder := h.mountPoint
		for _, part := range []string{cgroupParent, id, node} {
			if h.unified() {
				enableControllers(folder)
			}
			parent := folder
			folder = filepath.Join(folder, part)
			if err := os.Mkdir(folder, 0o755); err != nil && !os.IsExist(err) {
				return err
			}
			if slices.Contains(strings.Split(h.controllers, ","), "cpuset") {
				for _, file := range []string{"cpuset.cpus", "cpuset.mems"} { // a new cpuset is empty: no process may enter it
					text, err := os.ReadFile(filepath.Join(parent, file))
					if err == nil {
						err = os.WriteFile(filepath.Join(folder, file), text, 0)
					}
					if err != nil {
						return err
					}
				}
			}
		}
		if err := os.WriteFile(filepath.Join(folder, "cgroup.procs"), []byte("0"), 0); err != nil {
			return fmt.Errorf("joining cgroup %s: %w", folder, err)
		}
	}
	return nil
}

// enableControllers (cgroup v2) hands down to a cgroup's children every controller that it has itself.
func enableControllers(folder string) {
	text, _ := os.ReadFile(filepath.Join(folder, "cgroup.controllers"))
	for _, controller := range strings.Fields(string(text)) {
		_ = os.WriteFile(filepath.Join(folder, "cgroup.subtree_control"), []byte("+"+controller), 0)
	}
}

// mountCgroups mounts inside a node, below root/sys/fs/cgroup, what its cgroup namespace shows.
func mountCgroups(root string, all []hierarchy) error {
	base := filepath.Join(root, "sys/fs/cgroup")
	if len(all) == 1 && all[0].unified() {
		if err := unix.Mount("cgroup2", base, "cgroup2", 0, ""); err != nil {
			return fmt.Errorf("mounting cgroup2: %w", err)
		}
		// A cgroup with processes cannot hand controllers down: the node's own processes live in a leaf.
		// This branch has not been run on a machine with cgroup v2 only.
		leaf := filepath.Join(base, "system")
		if err := os.MkdirAll(leaf, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(leaf, "cgroup.procs"), []byte("0"), 0); err != nil {
			return err
		}
		enableControllers(base)
		return nil
	}
	if err := unix.Mount("tmpfs", base, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mounting %s: %w", base, err)
	}
	for _, h := range all {
		name, options := h.controllers, h.controllers
		if strings.HasPrefix(name, "name=") {
			name, options = strings.TrimPrefix(name, "name="), "none,"+name
		}
		folder := filepath.Join(base, name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if err := unix.Mount("cgroup", folder, "cgroup", 0, options); err != nil {
			return fmt.Errorf("mounting cgroup %s: %w", name, err)
		}
		if controllers := strings.Split(name, ","); len(controllers) > 1 {
			for _, controller := range controllers {
				_ = os.Symlink(name, filepath.Join(base, controller))
			}
		}
	}
	return nil
}

// removeCgroups kills what is left in the cluster's cgroups and removes them; it returns how many could not be removed.
func removeCgroups(id string, patience time.Duration) int {
	all, err := hierarchies()
	if err != nil {
		return -1
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(30 * time.Millisecond) {
		left := 0
		for _, h := range all {
			left += removeTree(filepath.Join(h.mountPoint, cgroupParent, id))
		}
		if left == 0 || time.Now().After(deadline) {
			for _, h := range all {
				_ = os.Remove(filepath.Join(h.mountPoint, cgroupParent)) // only when it was the last cluster
			}
			return left
		}
	}
}

func removeTree(top string) (left int) {
	var folders []string
	_ = filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			folders = append(folders, path)
		}
		return nil
	})
	slices.Reverse(folders) // children first
	for _, folder := range folders {
		processes, _ := os.ReadFile(filepath.Join(folder, "cgroup.procs"))
		for _, field := range strings.Fields(string(processes)) {
			if pid, err := strconv.Atoi(field); err == nil && pid > 1 {
				_ = unix.Kill(pid, unix.SIGKILL)
			}
		}
		if unix.Rmdir(folder) != nil {
			left++
		}
	}
	return left
}
