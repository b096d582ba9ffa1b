// Command kubenode runs a real Kubernetes cluster in Linux namespaces of its own: no Docker, no systemd.
//
// One process, the supervisor, owns everything. Each node of the cluster is a child in new mount, network, PID, IPC,
// UTS and cgroup namespaces whose PID 1 (this program again) starts and watches etcd, the control plane, containerd,
// kubelet and kube-proxy. When the supervisor ends, however that happens, the kernel ends every process of the nodes;
// a janitor then removes the only two things that live outside of namespaces: one veth pair and the cgroups.
//
// All state is in one folder: see layout.go.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
)

func init() {
	// Children are told to die with the thread that started them (PR_SET_PDEATHSIG): the main goroutine starts them,
	// and it stays on the main thread, which ends only with the process.
	runtime.LockOSThread()
}

const usage = `usage: kubenode COMMAND --data FOLDER

  up       run the cluster that FOLDER/config.json describes until SIGTERM or SIGINT
  status   print FOLDER's state as JSON
  stop     stop a running cluster and wait until nothing is left
  clean    remove what a killed supervisor left behind (network interface, cgroups)
  import   import container images into the running cluster: JSON list of {name, archive, digest} on stdin
`

// Exit codes other than 0 and 1.
const (
	exitUsage          = 2
	exitAlreadyRunning = 3
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(exitUsage)
	}
	flags := flag.NewFlagSet("kubenode", flag.ExitOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	data := flags.String("data", "", "folder with everything that belongs to the cluster")
	index := flags.Int("index", 0, "node, counted from 0 (internal)")
	_ = flags.Parse(os.Args[2:])
	if *data == "" {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(exitUsage)
	}
	commands := map[string]func() error{
		"up":        func() error { return up(layout{*data}) },
		"status":    func() error { return printStatus(layout{*data}) },
		"stop":      func() error { return stop(layout{*data}) },
		"clean":     func() error { return clean(layout{*data}) },
		"import":    func() error { return importFromStdin(layout{*data}) },
		"janitor":   func() error { return janitor(layout{*data}) },
		"node":      func() error { return enterNode(layout{*data}, *index) },
		"node-init": func() error { return runNode(layout{*data}, *index) },
	}
	command, known := commands[os.Args[1]]
	if !known {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(exitUsage)
	}
	if err := command(); err != nil {
		fmt.Fprintln(os.Stderr, "kubenode "+os.Args[1]+": "+strings.TrimSpace(err.Error()))
		if _, running := err.(alreadyRunning); running {
			os.Exit(exitAlreadyRunning)
		}
		os.Exit(1)
	}
}

func printStatus(l layout) error {
	text, err := json.MarshalIndent(currentStatus(l), "", "  ")
	if err == nil {
		fmt.Println(string(text))
	}
	return err
}
