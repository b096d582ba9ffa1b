package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// alreadyRunning says that another supervisor owns the data folder.
type alreadyRunning struct{ pid string }

func (e alreadyRunning) Error() string { return "the cluster runs already (process " + e.pid + ")" }

const janitorMark = "janitor"

// How long a janitor may take to clean, and a supervisor to end: one that was killed holds the lock until the kernel has
// closed its files, which takes a moment on a busy machine.
var janitorLimit, endingLimit = 30 * time.Second, 5 * time.Second

// acquireLock takes the data folder for this process. A janitor that is still cleaning, and a supervisor that is ending,
// are waited for.
func acquireLock(l layout, mark string) (*os.File, error) {
	file, err := os.OpenFile(l.lock(), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	for started := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			break
		}
		owner := lockOwner(l)
		limit := endingLimit
		if owner == janitorMark || owner == "" || owner == "?" {
			limit = janitorLimit
		}
		if time.Since(started) > limit {
			file.Close()
			return nil, alreadyRunning{owner}
		}
	}
	if err := file.Truncate(0); err != nil {
		return nil, err
	}
	_, err = file.WriteAt([]byte(mark), 0)
	return file, err
}

// lockOwner is what the holder of the lock wrote into it, or "" when nobody holds it.
func lockOwner(l layout) string {
	file, err := os.Open(l.lock())
	if err != nil {
		return ""
	}
	defer file.Close()
	if unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB) == nil {
		return ""
	}
	text, _ := os.ReadFile(l.lock())
	if mark := strings.TrimSpace(string(text)); mark != "" {
		return mark
	}
	return "?"
}

// supervisorPid is the process id of the running supervisor, or 0.
func supervisorPid(l layout) int {
	pid, _ := strconv.Atoi(lockOwner(l))
	command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if !strings.Contains(string(command), l.data) {
		return 0 // an old process id that another program has by now
	}
	return pid
}

// stop ends a running cluster and waits until its supervisor is gone; then it removes what may be left.
func stop(l layout) error {
	pid := supervisorPid(l)
	if pid != 0 {
		if err := unix.Kill(pid, unix.SIGTERM); err != nil && err != unix.ESRCH {
			return err
		}
		for deadline := time.Now().Add(20 * time.Second); supervisorPid(l) == pid; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				say("the supervisor %d does not end, killing it", pid)
				if err := unix.Kill(pid, unix.SIGKILL); err != nil {
					return fmt.Errorf("cannot kill the supervisor %d: %w", pid, err)
				}
				deadline = time.Now().Add(10 * time.Second)
			}
		}
	}
	return clean(l)
}
