package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// up runs a cluster until it is told to stop. It returns an error only for a cluster that failed.
func up(l layout) error {
	started := time.Now()
	config, err := loadConfig(l)
	if err != nil {
		return err
	}
	lock, err := acquireLock(l, strconv.Itoa(os.Getpid()))
	if err != nil {
		return err
	}
	defer lock.Close()
	before := readStatus(l)
	if err := removeLeftovers(l); err != nil {
		return fmt.Errorf("leftovers of an earlier start: %w", err)
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	s := &supervisor{layout: l, config: config, board: &board{file: l.status(), status: Status{
		Name: config.Name, Phase: phaseStarting, Pid: os.Getpid(), Started: started, Kubeconfig: l.kubeconfig(),
		HostPorts: config.HostPorts, Images: map[string]string{}, Milestones: map[string]float64{}, Events: []Event{},
	}}}
	s.board.change(func(*Status) {})
	failure := s.run(before.subnetNumber(), signals)
	leftovers := s.stop()
	s.board.change(func(status *Status) {
		status.Phase = phaseStopped
		if failure != nil {
			status.Phase, status.Reason = phaseFailed, failure.Error()
		}
	})
	return errors.Join(failure, leftovers)
}

type supervisor struct {
	layout
	config Config
	board  *board
	subnet subnet
	nodes  []*nodeProcess
	close  []func()
}

// run starts everything, then waits for a signal (nil) or for a node to end by itself (an error).
func (s *supervisor) run(preferred int, signals <-chan os.Signal) error {
	if err := startJanitor(s.layout); err != nil {
		return fmt.Errorf("starting the janitor: %w", err)
	}
	forwards, err := listenHostPorts(s.config.HostPorts)
	if err != nil {
		return err
	}
	s.close = append(s.close, forwards.close)
	// Every node mounts the folder of the first one's certificates: it is there before any of them starts.
	if err := os.MkdirAll(filepath.Join(s.root(s.config.Name), kubernetesFolder), 0o755); err != nil {
		return err
	}
	reports, ended := make(chan report, 64), make(chan string, len(s.config.Nodes))
	for index := range s.config.Nodes {
		node, err := startNode(s.layout, s.config, index, reports, ended)
		if err != nil {
			return fmt.Errorf("starting node %s: %w", s.config.nodeName(index), err)
		}
		s.nodes = append(s.nodes, node)
	}
	if s.subnet, err = createVeth(s.layout, preferred, s.nodes[0].pid); err != nil {
		return err
	}
	pids := []int{}
	for _, node := range s.nodes {
		pids = append(pids, node.pid)
	}
	if err := plugNodes(s.subnet, pids); err != nil {
		return err
	}
	s.board.change(func(status *Status) {
		status.Gateway, status.Interface = s.subnet.host(), s.subnet.interfaceName()
		for index, node := range s.nodes {
			status.Nodes = append(status.Nodes, NodeStatus{
				Name: node.name, Zone: s.config.Nodes[index].Zone, Address: s.subnet.node(index), Pid: node.pid,
				Components: []ComponentStatus{},
			})
		}
	})
	s.close = append(s.close, startEgress(s.subnet, func(message string) { s.board.event("", "%s", message) }))
	forwards.serve(s.subnet.node(0))
	for _, node := range s.nodes {
		if err := node.release(s.subnet); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.close = append(s.close, cancel)
	return s.watch(ctx, reports, ended, signals)
}

// watch follows what the nodes report.
func (s *supervisor) watch(ctx context.Context, reports <-chan report, ended <-chan string, signals <-chan os.Signal) error {
	type imported struct {
		node string
		err  error
	}
	imports := make(chan imported, len(s.nodes))
	missing := map[string]bool{} // what is needed before the cluster is ready
	for _, node := range s.nodes {
		missing["node "+node.name] = true
		missing["images "+node.name] = true
	}
	done := func(what string) {
		s.board.milestone(what)
		delete(missing, what)
		if len(missing) == 0 {
			s.board.milestone("ready")
			s.setPhase(phaseStarting, phaseReady)
		}
	}
	for {
		select {
		case signal := <-signals:
			say("%v: stopping", signal)
			return nil
		case name := <-ended:
			return fmt.Errorf("node %s ended by itself: see its logs in %s/var/log", name, s.root(name))
		case result := <-imports:
			if result.err != nil {
				return result.err
			}
			done("images " + result.node)
		case r := <-reports:
			switch {
			case r.Failure != "":
				return fmt.Errorf("node %s: %s", r.node, r.Failure)
			case r.Component != nil:
				s.component(r.node, *r.Component)
				if r.Component.State == stateFailed && s.board.status.Phase == phaseStarting {
					return fmt.Errorf("%s of node %s cannot run: %s", r.Component.Name, r.node, r.Component.LastExit)
				}
			case r.Milestone == milestoneContainerd:
				s.board.milestone("containerd " + r.node)
				go func() { imports <- imported{r.node, s.importImages(ctx, r.node, s.config.Images)} }()
			case r.Milestone == milestoneKubeconfig:
				if err := s.publishKubeconfig(); err != nil {
					return err
				}
			case r.Milestone == milestoneNode:
				done("node " + r.node)
			default:
				s.board.milestone(r.Milestone + " " + r.node)
			}
		}
	}
}

// component notes a component's new state; one in a crash loop makes the cluster degraded, its recovery ready again.
func (s *supervisor) component(node string, component ComponentStatus) {
	component.Log = filepath.Join(s.root(node), "var/log", component.Name+".log")
	if component.State != stateRunning {
		s.board.event(node, "%s %s: %s", component.Name, component.State, component.LastExit)
	} else if component.Restarts > 0 {
		s.board.event(node, "%s runs again", component.Name)
	}
	s.board.change(func(status *Status) {
		for index := range status.Nodes {
			if own := &status.Nodes[index]; own.Name == node {
				place := slices.IndexFunc(own.Components, func(c ComponentStatus) bool { return c.Name == component.Name })
				if place < 0 {
					own.Components = append(own.Components, component)
				} else {
					own.Components[place] = component
				}
			}
		}
	})
	if component.State == stateFailed {
		s.setPhase(phaseReady, phaseDegraded)
	}
}

func (s *supervisor) setPhase(from, to string) {
	s.board.change(func(status *Status) {
		if status.Phase == from {
			status.Phase = to
		}
	})
}

// publishKubeconfig copies the administrator's kubeconfig to where clients of this machine find it.
func (s *supervisor) publishKubeconfig() error {
	text, err := os.ReadFile(filepath.Join(s.root(s.config.Name), "etc/kubernetes/admin.conf"))
	if err != nil {
		return err
	}
	return writeFile(s.kubeconfig(), text, 0o600)
}

// stop ends the nodes, the last one first, and removes what is outside of namespaces.
func (s *supervisor) stop() error {
	started := time.Now()
	s.board.change(func(status *Status) { status.Phase = phaseStopping })
	for _, close := range slices.Backward(s.close) {
		close()
	}
	for _, node := range slices.Backward(s.nodes) {
		node.stop()
	}
	err := removeLeftovers(s.layout)
	say("stopped in %.2f s", time.Since(started).Seconds())
	return err
}

// subnetNumber of an earlier start, or -1.
func (s Status) subnetNumber() int {
	number := -1
	_, _ = fmt.Sscanf(s.Gateway, "10.88.%d.1", &number)
	return number
}
