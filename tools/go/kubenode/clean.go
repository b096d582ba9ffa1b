package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// removeLeftovers removes everything of a cluster outside of namespaces. The caller holds the lock.
func removeLeftovers(l layout) error {
	removed, err := removeInterfaces(l)
	if len(removed) > 0 {
		say("removed the interface %s", strings.Join(removed, ", "))
	}
	if left := removeCgroups(l.id(), 15*time.Second); left != 0 && err == nil {
		err = fmt.Errorf("%d cgroups kubenode/%s could not be removed", left, l.id())
	}
	return err
}

// clean is for a cluster whose supervisor is gone.
func clean(l layout) error {
	if _, err := os.Stat(l.data); os.IsNotExist(err) {
		return nil
	}
	lock, err := acquireLock(l, janitorMark)
	if err != nil {
		return err
	}
	defer lock.Close()
	return removeLeftovers(l)
}

// lifeline is the janitor's standard input: kept here so that it stays open as long as this process lives.
var lifeline io.WriteCloser

// startJanitor starts a process of its own session that cleans as soon as this one has ended, however that happens.
// It notices by the end of its standard input, whose other end only this process holds.
func startJanitor(l layout) error {
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	command := exec.Command(executable, "janitor", "--data", l.data)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if lifeline, err = command.StdinPipe(); err != nil {
		return err
	}
	return command.Start()
}

func janitor(l layout) error {
	_, _ = io.Copy(io.Discard, os.Stdin)
	// The supervisor that has ended may hold its lock for another moment: clean waits for it.
	err := clean(l)
	if errors.As(err, new(alreadyRunning)) {
		return nil // a new supervisor is up already: it has cleaned itself
	}
	return err
}
