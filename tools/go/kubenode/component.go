package main

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// States of a component.
const (
	stateRunning    = "running"
	stateRestarting = "restarting"
	stateFailed     = "failed"
)

// A component that ends crashLimit times within crashWindow is given up. Before that it is started again, after a pause
// that doubles with every crash in the window.
const (
	crashLimit  = 6
	crashWindow = 90 * time.Second
	firstPause  = 100 * time.Millisecond
)

// pauseBefore decides when to start again a component that ended at these times; no pause and false: not any more.
func pauseBefore(ends []time.Time, now time.Time) (time.Duration, bool) {
	recent := 0
	for _, end := range ends {
		if now.Sub(end) < crashWindow {
			recent++
		}
	}
	if recent >= crashLimit {
		return 0, false
	}
	return firstPause << max(0, recent-1), true
}

// components keeps a node's programs running.
type components struct {
	processes *processes
	report    func(report)
	mutex     sync.Mutex
	pids      map[string]int
	stopping  bool
}

// start starts a component and keeps it running until stop.
func (c *components) start(name string, command ...string) error {
	status := ComponentStatus{Name: name, State: stateRunning}
	pid, exited, err := c.processes.start(name, command...)
	if err != nil {
		return err
	}
	c.running(&status, pid)
	go func() {
		var ends []time.Time
		for {
			end := <-exited
			c.mutex.Lock()
			delete(c.pids, name)
			stopping := c.stopping
			c.mutex.Unlock()
			if stopping {
				return
			}
			ends = append(ends, time.Now())
			status.LastExit = fmt.Sprintf("%s at %s", describeExit(end), time.Now().Format(time.RFC3339))
			pause, again := pauseBefore(ends, time.Now())
			status.State, status.Pid = stateRestarting, 0
			if !again {
				status.State = stateFailed
				status.LastExit += fmt.Sprintf(", given up after %d ends in %v; last lines of its log:\n%s", crashLimit, crashWindow, logTail(name))
			}
			c.report(report{Component: &status})
			if !again {
				return
			}
			for {
				time.Sleep(pause)
				if pid, exited, err = c.processes.start(name, command...); err == nil {
					break
				}
				pause = time.Second
			}
			status.Restarts++
			status.State = stateRunning
			c.running(&status, pid)
		}
	}()
	return nil
}

func (c *components) running(status *ComponentStatus, pid int) {
	c.mutex.Lock()
	c.pids[status.Name] = pid
	c.mutex.Unlock()
	status.Pid = pid
	copied := *status
	c.report(report{Component: &copied})
}

// stop ends etcd in an orderly way. Everything else keeps its state in etcd or can be killed at any time: it ends with PID 1.
func (c *components) stop(patience time.Duration) {
	c.mutex.Lock()
	c.stopping = true
	pids := c.pids
	c.pids = map[string]int{}
	for name, pid := range pids {
		if !slices.Contains([]string{"etcd", "containerd"}, name) {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
	}
	c.mutex.Unlock()
	for _, name := range []string{"etcd"} {
		if pid := pids[name]; pid != 0 && unix.Kill(pid, unix.SIGTERM) == nil {
			for deadline := time.Now().Add(patience); unix.Kill(pid, 0) == nil && time.Now().Before(deadline); {
				time.Sleep(5 * time.Millisecond)
			}
		}
	}
}
