package main

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// A supervisor that was killed holds its lock until the kernel has closed its files: the next one waits for that.
func TestLockOfAnEndingSupervisorIsWaitedFor(t *testing.T) {
	l := layout{data: t.TempDir()}
	first, err := acquireLock(l, "1")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(300*time.Millisecond, func() { first.Close() })
	second, err := acquireLock(l, "2")
	if err != nil {
		t.Fatalf("the lock was given up, and not taken over: %v", err)
	}
	second.Close()
}

func TestLockOfARunningSupervisorIsRefused(t *testing.T) {
	defer func(limit time.Duration) { endingLimit = limit }(endingLimit)
	endingLimit = 50 * time.Millisecond
	l := layout{data: t.TempDir()}
	first, err := acquireLock(l, "1")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, err = acquireLock(l, "2")
	var running alreadyRunning
	if !errors.As(err, &running) || running.pid != "1" {
		t.Fatalf("expected that the cluster runs as process 1, got %v", err)
	}
}

// The janitor sees that its supervisor has ended before that one's lock is free: it cleans all the same.
func TestJanitorWaitsForTheLockOfAnEndingSupervisor(t *testing.T) {
	defer func(stdin *os.File) { os.Stdin = stdin }(os.Stdin)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stdin = read
	l := layout{data: t.TempDir()}
	supervisor, err := acquireLock(l, "1")
	if err != nil {
		t.Fatal(err)
	}
	write.Close()
	time.AfterFunc(300*time.Millisecond, func() { supervisor.Close() })
	if err := janitor(l); err != nil {
		t.Fatal(err)
	}
	if mark, _ := os.ReadFile(l.lock()); string(mark) != janitorMark {
		t.Fatalf("the janitor did not clean: the lock was last held by %q", mark)
	}
}

// Killed again and again, and started at once: the lock is always free in time.
func TestLockOfAKilledProcess(t *testing.T) {
	if data := os.Getenv("KUBENODE_TEST_LOCK"); data != "" {
		if _, err := acquireLock(layout{data: data}, strconv.Itoa(os.Getpid())); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
	}
	l := layout{data: t.TempDir()}
	for round := 0; round < 20; round++ {
		holder := exec.Command(os.Args[0], "-test.run=TestLockOfAKilledProcess")
		holder.Env = append(os.Environ(), "KUBENODE_TEST_LOCK="+l.data)
		if err := holder.Start(); err != nil {
			t.Fatal(err)
		}
		for lockOwner(l) != strconv.Itoa(holder.Process.Pid) {
			time.Sleep(5 * time.Millisecond)
		}
		holder.Process.Kill()
		lock, err := acquireLock(l, "next")
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		lock.Close()
		holder.Wait()
	}
}
