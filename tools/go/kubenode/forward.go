package main

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// hostForwards are the host's ports that lead to NodePorts, in user space: the host's firewall stays as it is.
type hostForwards struct {
	ports     []HostPort
	listeners []net.Listener
}

// listenHostPorts opens all ports, or none.
func listenHostPorts(ports []HostPort) (*hostForwards, error) {
	forwards := &hostForwards{ports: ports}
	for _, port := range ports {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port.HostPort)))
		if err != nil {
			forwards.close()
			return nil, fmt.Errorf("port %d of this machine cannot be opened (%w): end the program that uses it, or change hostPorts in the cluster's configuration", port.HostPort, err)
		}
		forwards.listeners = append(forwards.listeners, listener)
	}
	return forwards, nil
}

func (f *hostForwards) close() {
	for _, listener := range f.listeners {
		listener.Close()
	}
}

func (f *hostForwards) serve(node string) {
	for index, listener := range f.listeners {
		target := net.JoinHostPort(node, strconv.Itoa(f.ports[index].NodePort))
		go serveConnections(listener, func(client net.Conn) {
			server, err := net.DialTimeout("tcp", target, 10*time.Second)
			if err != nil {
				client.Close()
				return
			}
			splice(client, server)
		})
	}
}

// serveConnections hands each connection of a listener to handle, until the listener is closed.
func serveConnections(listener net.Listener, handle func(net.Conn)) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			if temporary, ok := err.(interface{ Temporary() bool }); ok && temporary.Temporary() {
				time.Sleep(10 * time.Millisecond)
				continue
			}
			return
		}
		go handle(connection)
	}
}

// splice connects two connections until both directions are at their end; the end of one is passed on (half-close).
func splice(a, b net.Conn) {
	var both sync.WaitGroup
	one := func(to, from net.Conn) {
		defer both.Done()
		_, _ = io.Copy(to, from)
		if half, ok := to.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}
	both.Add(2)
	go one(a, b)
	go one(b, a)
	both.Wait()
	a.Close()
	b.Close()
}
