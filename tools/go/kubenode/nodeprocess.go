package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// nodeProcess is a node seen by the supervisor: PID 1 of its namespaces.
type nodeProcess struct {
	name    string
	pid     int
	command *exec.Cmd
	// order carries the subnet's number to the node once its network is there; its end tells the node to end.
	order *os.File
	gone  chan struct{}
}

// report is what a node tells the supervisor: one of the fields.
type report struct {
	node      string
	Component *ComponentStatus `json:"component,omitempty"`
	Milestone string           `json:"milestone,omitempty"`
	Failure   string           `json:"failure,omitempty"`
}

// Milestones that the supervisor acts on.
const (
	milestoneContainerd = "containerd"
	milestoneKubeconfig = "kubeconfig"
	milestoneNode       = "node"
)

// File descriptors of a node's PID 1.
const (
	orderDescriptor  = 3
	reportDescriptor = 4
)

// startNode starts PID 1 of a node. It must be called on the main thread: see init in main.go.
func startNode(l layout, config Config, index int, reports chan<- report, ended chan<- string) (*nodeProcess, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	orderRead, orderWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	reportRead, reportWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	command := exec.Command(executable, "node", "--data", l.data, "--index", strconv.Itoa(index))
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.ExtraFiles = []*os.File{orderRead, reportWrite} // descriptors 3 and 4
	command.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true, // Ctrl-C reaches the supervisor only
		Pdeathsig:  syscall.SIGKILL,
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWPID | unix.CLONE_NEWNET,
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	orderRead.Close()
	reportWrite.Close()
	node := &nodeProcess{
		name: config.nodeName(index), pid: command.Process.Pid, command: command, order: orderWrite, gone: make(chan struct{}),
	}
	go func() {
		lines := bufio.NewScanner(reportRead)
		for lines.Scan() {
			r := report{node: node.name}
			if json.Unmarshal(lines.Bytes(), &r) == nil {
				reports <- r
			}
		}
		_ = command.Wait()
		close(node.gone)
		ended <- node.name
	}()
	return node, nil
}

// release lets the node begin: its network is plugged in.
func (n *nodeProcess) release(s subnet) error {
	_, err := fmt.Fprintf(n.order, "%d\n", s.number)
	return err
}

// stop asks the node's PID 1 to end and insists after some seconds. All its processes end with it.
func (n *nodeProcess) stop() {
	_ = unix.Kill(n.pid, unix.SIGTERM)
	select {
	case <-n.gone:
	case <-time.After(5 * time.Second):
		_ = unix.Kill(n.pid, unix.SIGKILL)
		<-n.gone
	}
}
