package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// Nodes have no way out of the machine unless the host forwards and masquerades, which is the host's decision. What a
// cluster needs from outside is served by the supervisor on the host's address of the cluster's network, to nobody else:
// names (port 53) and an HTTP proxy for containerd's image downloads (port 3128).
const (
	dnsPort   = "53"
	proxyPort = "3128"
)

// startEgress starts both and returns how to stop them. A service that cannot be started is a warning: everything
// inside of the cluster works without.
func startEgress(s subnet, warn func(string)) func() {
	var closers []func() error
	if listener, err := net.Listen("tcp", net.JoinHostPort(s.host(), proxyPort)); err != nil {
		warn("no image downloads through the host: " + err.Error())
	} else {
		closers = append(closers, listener.Close)
		go func() { _ = http.Serve(listener, onlyFrom(s, forwardProxy())) }()
	}
	address := net.JoinHostPort(s.host(), dnsPort)
	if socket, err := net.ListenPacket("udp", address); err != nil {
		warn("no outside names in the cluster: " + err.Error())
	} else {
		closers = append(closers, socket.Close)
		go relayDatagrams(s, socket)
	}
	if listener, err := net.Listen("tcp", address); err == nil {
		closers = append(closers, listener.Close)
		go serveConnections(listener, func(client net.Conn) {
			for _, server := range hostResolvers() {
				if upstream, err := net.DialTimeout("tcp", server, 2*time.Second); err == nil {
					splice(client, upstream)
					return
				}
			}
			client.Close()
		})
	}
	return func() {
		for _, close := range closers {
			_ = close()
		}
	}
}

// hostResolvers are the host's name servers. The file is read anew each time: laptops change networks.
func hostResolvers() (servers []string) {
	text, _ := os.ReadFile("/etc/resolv.conf")
	for _, line := range strings.Split(string(text), "\n") {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "nameserver" {
			servers = append(servers, net.JoinHostPort(fields[1], dnsPort))
		}
	}
	return servers
}

// relayDatagrams answers each question with what the host's name servers answer to it.
func relayDatagrams(s subnet, socket net.PacketConn) {
	buffer := make([]byte, 65535)
	for {
		length, client, err := socket.ReadFrom(buffer)
		if err != nil {
			return
		}
		if host, _, _ := net.SplitHostPort(client.String()); !s.contains(host) {
			continue
		}
		question := append([]byte{}, buffer[:length]...)
		go func() {
			answer := make([]byte, 65535)
			for _, server := range hostResolvers() {
				upstream, err := net.DialTimeout("udp", server, time.Second)
				if err != nil {
					continue
				}
				_ = upstream.SetDeadline(time.Now().Add(3 * time.Second))
				_, err = upstream.Write(question)
				length := 0
				if err == nil {
					length, err = upstream.Read(answer)
				}
				upstream.Close()
				if err == nil {
					_, _ = socket.WriteTo(answer[:length], client)
					return
				}
			}
		}()
	}
}

// outside connects to other machines only: what listens on this machine's loopback interface trusts who reaches it, and
// pods reach this proxy.
var outside = &net.Dialer{
	Timeout: 15 * time.Second,
	Control: func(_, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		if ip := net.ParseIP(host); ip == nil || ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocalUnicast() {
			return errors.New(host + " belongs to the host itself")
		}
		return nil
	},
}

// dialOutsideOrProxy is outside, plus the proxy that the host's environment names, which is often on the loopback interface.
func dialOutsideOrProxy(ctx context.Context, network, address string) (net.Conn, error) {
	proxy, _ := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "http", Host: "outside.invalid"}})
	if proxy != nil && proxy.Host == address {
		return (&net.Dialer{Timeout: 15 * time.Second}).DialContext(ctx, network, address)
	}
	return outside.DialContext(ctx, network, address)
}

func onlyFrom(s subnet, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, _ := net.SplitHostPort(r.RemoteAddr); !s.contains(host) {
			http.Error(w, "only for the cluster's nodes", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// forwardProxy is an HTTP proxy. It uses the proxy that the host's own environment names, if any.
func forwardProxy() http.Handler {
	plain := &httputil.ReverseProxy{
		Rewrite:   func(*httputil.ProxyRequest) {},
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: dialOutsideOrProxy},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			plain.ServeHTTP(w, r)
			return
		}
		upstream, err := connect(r.Host)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			upstream.Close()
			return
		}
		_, _ = client.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n"))
		splice(client, upstream)
	})
}

// connect opens a connection to host:port, through the environment's HTTPS proxy where one is set.
func connect(address string) (net.Conn, error) {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: address}})
	if err != nil {
		return nil, err
	}
	if proxy == nil {
		return outside.Dial("tcp", address)
	}
	connection, err := net.DialTimeout("tcp", proxy.Host, 15*time.Second)
	if err != nil {
		return nil, err
	}
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if proxy.User != nil {
		password, _ := proxy.User.Password()
		request.SetBasicAuth(proxy.User.Username(), password)
		request.Header.Set("Proxy-Authorization", request.Header.Get("Authorization"))
		request.Header.Del("Authorization")
	}
	if err := request.Write(connection); err != nil {
		connection.Close()
		return nil, err
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), request)
	if err != nil || response.StatusCode != http.StatusOK {
		connection.Close()
		if err == nil {
			err = &net.OpError{Op: "proxy", Net: "tcp", Err: &net.AddrError{Err: response.Status, Addr: address}}
		}
		return nil, err
	}
	return connection, nil
}
