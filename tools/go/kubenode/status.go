package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// Phases of a cluster.
const (
	phaseStarting = "starting" // not usable yet
	phaseReady    = "ready"    // every node Ready, every image imported
	phaseDegraded = "degraded" // was ready; a component is in a crash loop
	phaseStopping = "stopping"
	phaseFailed   = "failed"  // ended by itself: Reason says why
	phaseStopped  = "stopped" // ended on request
	phaseKilled   = "killed"  // the supervisor is gone without having said so
)

// Status is what the supervisor tells the world, in status.json.
type Status struct {
	Name    string    `json:"name"`
	Phase   string    `json:"phase"`
	Reason  string    `json:"reason,omitempty"`
	Pid     int       `json:"pid"`
	Started time.Time `json:"started"`
	// Gateway is the host's address in the cluster's network.
	Gateway    string            `json:"gateway"`
	Interface  string            `json:"interface"`
	Kubeconfig string            `json:"kubeconfig"`
	HostPorts  []HostPort        `json:"hostPorts"`
	Nodes      []NodeStatus      `json:"nodes"`
	Images     map[string]string `json:"images"`
	// Milestones: seconds after the start at which something was reached.
	Milestones map[string]float64 `json:"milestones"`
	// Events are the last things that went wrong, newest last.
	Events []Event `json:"events"`
}

// NodeStatus is a node as its PID 1 reports it.
type NodeStatus struct {
	Name    string `json:"name"`
	Zone    string `json:"zone"`
	Address string `json:"address"`
	// Pid of the node's PID 1, seen from the host.
	Pid        int               `json:"pid"`
	Components []ComponentStatus `json:"components"`
}

// ComponentStatus is a program that runs in a node.
type ComponentStatus struct {
	Name string `json:"name"`
	// State: running, restarting or failed (given up after a crash loop).
	State string `json:"state"`
	// Pid inside the node's PID namespace.
	Pid      int    `json:"pid"`
	Restarts int    `json:"restarts"`
	LastExit string `json:"lastExit,omitempty"`
	Log      string `json:"log"`
}

// Event is something worth knowing that happened.
type Event struct {
	Time    time.Time `json:"time"`
	Node    string    `json:"node,omitempty"`
	Message string    `json:"message"`
}

const keptEvents = 50

// board is the supervisor's own copy of the status; every change is written to status.json.
type board struct {
	mutex  sync.Mutex
	file   string
	status Status
}

func (b *board) change(change func(*Status)) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	change(&b.status)
	if excess := len(b.status.Events) - keptEvents; excess > 0 {
		b.status.Events = b.status.Events[excess:]
	}
	text, err := json.MarshalIndent(b.status, "", "  ")
	if err == nil {
		err = writeFile(b.file, append(text, '\n'), 0o644)
	}
	if err != nil {
		say("cannot write the status: %v", err)
	}
}

func (b *board) event(node, format string, values ...any) {
	message := fmt.Sprintf(format, values...)
	say("%s: %s", node, message)
	b.change(func(s *Status) { s.Events = append(s.Events, Event{time.Now(), node, message}) })
}

// milestone notes when something was reached first.
func (b *board) milestone(name string) {
	b.change(func(s *Status) {
		if _, known := s.Milestones[name]; !known {
			s.Milestones[name] = time.Since(s.Started).Round(time.Millisecond).Seconds()
			say("%s after %.2f s", name, s.Milestones[name])
		}
	})
}

func readStatus(l layout) Status {
	status := Status{Phase: phaseStopped}
	if text, err := os.ReadFile(l.status()); err == nil {
		_ = json.Unmarshal(text, &status)
	}
	return status
}

// currentStatus reads status.json and corrects it when its supervisor is gone.
func currentStatus(l layout) Status {
	status := readStatus(l)
	if owner := lockOwner(l); owner == "" {
		status.Pid = 0
		switch status.Phase {
		case phaseStopped, phaseFailed:
		default:
			status.Phase, status.Reason = phaseKilled, "the supervisor ended without a word (killed, or the machine was restarted)"
		}
	}
	return status
}

// say writes a line to the supervisor's log.
func say(format string, values ...any) {
	fmt.Printf("%s %s\n", time.Now().Format("2006-01-02T15:04:05.000Z07:00"), fmt.Sprintf(format, values...))
}
