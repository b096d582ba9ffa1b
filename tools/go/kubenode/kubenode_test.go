package main

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

func TestHierarchies(t *testing.T) {
	const hybrid = `30 23 0:26 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
32 23 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
33 23 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
34 23 0:26 / /other/memory rw - cgroup cgroup rw,memory`
	got := parseHierarchies("4:memory:/a\n3:cpu,cpuacct:/\n1:name=systemd:/\n0::/\n", hybrid)
	want := []hierarchy{
		{"/sys/fs/cgroup/memory", "memory"},
		{"/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct"},
		{"/sys/fs/cgroup/systemd", "name=systemd"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("hybrid: %v", got)
	}
	got = parseHierarchies("0::/user.slice\n", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate")
	if !slices.Equal(got, []hierarchy{{"/sys/fs/cgroup", ""}}) || !got[0].unified() {
		t.Errorf("v2: %v", got)
	}
}

func TestCrashLoop(t *testing.T) {
	now := time.Now()
	ends := []time.Time{}
	pauses := []time.Duration{}
	for range crashLimit - 1 {
		ends = append(ends, now)
		pause, again := pauseBefore(ends, now)
		if !again {
			t.Fatalf("given up after %d ends", len(ends))
		}
		pauses = append(pauses, pause)
	}
	if pauses[0] != firstPause || pauses[3] != 8*firstPause {
		t.Errorf("pauses: %v", pauses)
	}
	if _, again := pauseBefore(append(ends, now), now); again {
		t.Error("not given up")
	}
	if pause, again := pauseBefore(append(ends, now), now.Add(crashWindow)); !again || pause != firstPause {
		t.Error("ends of long ago count")
	}
}

func TestTakenSubnets(t *testing.T) {
	route := func(text string) netlink.Route {
		_, network, err := net.ParseCIDR(text)
		if err != nil {
			t.Fatal(err)
		}
		return netlink.Route{Dst: network}
	}
	for text, want := range map[string]bool{
		"0.0.0.0/0": false, "10.88.3.0/24": true, "10.88.4.0/24": false, "10.88.0.0/16": true, "10.88.3.7/32": true, "10.0.0.0/8": true,
	} {
		if taken(subnet{3}, []netlink.Route{route(text), {}}) != want {
			t.Errorf("route to %s: taken is %v", text, !want)
		}
	}
}

func TestCommands(t *testing.T) {
	if !slices.Contains(apiServerCommand("10.88.3.2"), "--advertise-address=10.88.3.2") {
		t.Error("the API server does not know its address")
	}
	if command := strings.Join(kubeletCommand("local-2", "10.88.3.3", "zone-b"), " "); !strings.Contains(command, "--node-labels=topology.kubernetes.io/zone=zone-b") {
		t.Error(command)
	}
	if number := (Status{Gateway: subnet{7}.host()}).subnetNumber(); number != 7 {
		t.Errorf("subnet %d", number)
	}
	if number := (Status{}).subnetNumber(); number != -1 {
		t.Errorf("subnet of nothing: %d", number)
	}
}

func TestProxyRefusesTheHostItself(t *testing.T) {
	for _, address := range []string{"127.0.0.1:80", "[::1]:80", "169.254.169.254:80", "0.0.0.0:80"} {
		if outside.Control("tcp", address, nil) == nil {
			t.Errorf("connects to %s", address)
		}
	}
	if err := outside.Control("tcp", "192.0.2.1:443", nil); err != nil {
		t.Error(err)
	}
}
