package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// enterNode is a node's PID 1 before it has a cgroup namespace: it joins the node's cgroups, makes them the root of a
// new namespace and becomes runNode. (A Go program cannot move all its threads into a namespace; exec keeps only this one.)
func enterNode(l layout, index int) error {
	config, err := loadConfig(l)
	if err != nil {
		return err
	}
	if err := joinCgroups(l.id(), config.nodeName(index)); err != nil {
		return err
	}
	if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("new cgroup namespace: %w", err)
	}
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	return syscall.Exec(executable, []string{executable, "node-init", "--data", l.data, "--index", strconv.Itoa(index)}, os.Environ())
}

// node is PID 1 of a node.
type node struct {
	*components
	config  Config
	index   int
	name    string
	address string
	subnet  subnet
	api     *api
}

// runNode is a node's PID 1: it never returns while the node runs.
func runNode(l layout, index int) error {
	orders, reports := os.NewFile(orderDescriptor, "orders"), os.NewFile(reportDescriptor, "reports")
	unix.CloseOnExec(orderDescriptor)
	unix.CloseOnExec(reportDescriptor)
	var writing sync.Mutex
	tell := func(r report) {
		text, err := json.Marshal(r)
		if err == nil {
			writing.Lock()
			defer writing.Unlock()
			_, _ = reports.Write(append(text, '\n'))
		}
	}
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, unix.SIGTERM)
	signal.Ignore(unix.SIGINT, unix.SIGHUP, unix.SIGPIPE)
	config, err := loadConfig(l)
	if err != nil {
		return err
	}
	n := &node{config: config, index: index, name: config.nodeName(index)}
	if err := enterRoot(l, config, index); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(n.name)); err != nil {
		return err
	}
	// From here on the supervisor's end of the pipe is awaited: its first line is the go-ahead, its end is the supervisor's.
	lines := bufio.NewReader(orders)
	line, err := lines.ReadString('\n')
	if err != nil {
		return errors.New("the supervisor is gone")
	}
	number, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return err
	}
	go func() {
		_, _ = lines.ReadByte()
		os.Exit(1)
	}()
	n.subnet = subnet{number}
	n.address = n.subnet.node(index)
	n.components = &components{processes: newProcesses(environment()), report: tell, pids: map[string]int{}}
	go limitLogs()
	go func() {
		if err := n.boot(); err != nil {
			tell(report{Failure: err.Error()})
		}
	}()
	<-terminate
	n.stop(1500 * time.Millisecond)
	os.Exit(0)
	return nil
}

// milestone tells the supervisor that something was reached.
func (n *node) milestone(name string) { n.report(report{Milestone: name}) }

// boot starts everything in an order that leaves no one waiting in a back-off.
func (n *node) boot() error {
	if err := n.prepareNetwork(); err != nil {
		return err
	}
	if err := n.writeFiles(); err != nil {
		return err
	}
	if err := n.start("containerd", append(append([]string{"/usr/bin/env"}, downloadEnvironment(n.subnet)...),
		"/usr/bin/containerd", "--config", "/etc/containerd/config.toml")...); err != nil {
		return err
	}
	containerd := make(chan error, 1)
	go func() {
		err := waitFor("containerd", time.Minute, func() error { return dial("unix", "/run/containerd/containerd.sock") })
		if err == nil {
			n.milestone(milestoneContainerd)
		}
		containerd <- err
	}()
	if n.index == 0 {
		if err := n.startControlPlane(); err != nil {
			return err
		}
	}
	if err := n.connect(); err != nil {
		return err
	}
	if err := waitFor("the API server", 2*time.Minute, n.api.ready); err != nil {
		return err
	}
	n.milestone("api")
	if n.index == 0 {
		if err := n.startControllers(); err != nil {
			return err
		}
	}
	if err := <-containerd; err != nil {
		return err
	}
	started := time.Now().Truncate(time.Second)
	if err := n.start("kubelet", kubeletCommand(n.name, n.address, n.config.Nodes[n.index].Zone)...); err != nil {
		return err
	}
	if err := n.start("kube-proxy", "/k8s/kube-proxy", "--config=/etc/kube-proxy.json"); err != nil {
		return err
	}
	addons := make(chan error, 1)
	go func() {
		if n.index == 0 {
			addons <- n.applyAddons()
		} else {
			addons <- nil
		}
	}()
	if err := waitFor("node "+n.name, 2*time.Minute, func() error { return n.api.nodeReady(n.name, started) }); err != nil {
		return fmt.Errorf("%w\n%s", err, logTail("kubelet"))
	}
	if n.config.NetworkPolicies { // it ends at once where the node does not exist yet
		if err := n.start("kube-router", kubeRouterCommand(n.name)...); err != nil {
			return err
		}
	}
	if err := <-addons; err != nil {
		return err
	}
	n.milestone(milestoneNode)
	return nil
}
