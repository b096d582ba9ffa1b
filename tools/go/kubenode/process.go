package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A log that is longer than largestLog becomes NAME.log.old and starts anew.
const (
	largestLog       = 16 << 20
	logCheckInterval = 30 * time.Second
)

// processes is PID 1's table of children. PID 1 must reap every process whose parent has ended, so it alone waits, for all.
type processes struct {
	environment []string
	mutex       sync.Mutex
	exited      map[int]chan syscall.WaitStatus
}

func newProcesses(environment []string) *processes {
	p := &processes{environment: environment, exited: map[int]chan syscall.WaitStatus{}}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGCHLD)
	go func() {
		for range signals {
			p.reap()
		}
	}()
	return p
}

func (p *processes) reap() {
	p.mutex.Lock() // start holds it too: a child cannot be reaped before it is in the table
	defer p.mutex.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if exited, own := p.exited[pid]; own {
			delete(p.exited, pid)
			exited <- status
		}
	}
}

// start starts a program with its output in /var/log/LOG.log. The channel delivers its end.
func (p *processes) start(log string, command ...string) (int, <-chan syscall.WaitStatus, error) {
	return p.startTo(nil, log, command...)
}

// startTo is start with another place for the standard output.
func (p *processes) startTo(standard *os.File, log string, command ...string) (int, <-chan syscall.WaitStatus, error) {
	path := logPath(log)
	output, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return 0, nil, err
	}
	defer output.Close()
	if standard == nil {
		standard = output
	}
	input, err := os.Open(os.DevNull)
	if err != nil {
		return 0, nil, err
	}
	defer input.Close()
	p.mutex.Lock()
	defer p.mutex.Unlock()
	pid, err := syscall.ForkExec(command[0], command, &syscall.ProcAttr{
		Dir: "/", Env: p.environment, Files: []uintptr{input.Fd(), standard.Fd(), output.Fd()},
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w", command[0], err)
	}
	exited := make(chan syscall.WaitStatus, 1)
	p.exited[pid] = exited
	return pid, exited, nil
}

// run runs a program to its end.
func (p *processes) run(log string, command ...string) error { return p.runTo(nil, log, command...) }

func (p *processes) runTo(standard *os.File, log string, command ...string) error {
	_, exited, err := p.startTo(standard, log, command...)
	if err != nil {
		return err
	}
	if status := <-exited; status != 0 {
		return fmt.Errorf("%s: %s\n%s", strings.Join(command, " "), describeExit(status), logTail(log))
	}
	return nil
}

// output runs a program to its end and returns its standard output.
func (p *processes) output(log string, command ...string) (string, error) {
	file, err := os.CreateTemp("", "output")
	if err != nil {
		return "", err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if err := p.runTo(file, log, command...); err != nil {
		return "", err
	}
	text, err := os.ReadFile(file.Name())
	return string(text), err
}

func logPath(log string) string { return "/var/log/" + log + ".log" }

// limitLogs keeps logs short for as long as the node runs. The programs keep their files open, in append mode: a log is
// copied and emptied, never renamed.
func limitLogs() {
	for range time.Tick(logCheckInterval) {
		logs, _ := filepath.Glob("/var/log/*.log")
		for _, log := range logs {
			if info, err := os.Stat(log); err != nil || info.Size() <= largestLog {
				continue
			}
			if text, err := os.ReadFile(log); err == nil && os.WriteFile(log+".old", text, 0o644) == nil {
				_ = os.Truncate(log, 0)
			}
		}
	}
}

func describeExit(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "killed by " + unix.SignalName(status.Signal())
	}
	return fmt.Sprintf("exit code %d", status.ExitStatus())
}

// logTail is the end of a log, to be shown in an error.
func logTail(log string) string {
	text, _ := os.ReadFile(logPath(log))
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

// waitFor polls a condition.
func waitFor(what string, limit time.Duration, condition func() error) error {
	for deadline := time.Now().Add(limit); ; time.Sleep(30 * time.Millisecond) {
		err := condition()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is not ready after %v: %w", what, limit, err)
		}
	}
}
