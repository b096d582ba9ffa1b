// request-filter decides for Envoy's external authorization which requests are let through: those that the rules of the
// OWASP Core Rule Set, run by Coraza, take for no attack (C14).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "request-filter:", err)
		os.Exit(1)
	}
}

// run serves until the process is told to stop.
func run(args []string) error {
	flags := flag.NewFlagSet("request-filter", flag.ContinueOnError)
	listen := flags.String("listen", ":9001", "address that the gateway's proxies call")
	status := flags.Int("status", 400, "HTTP status of refused requests")
	var rules Rules
	flags.StringVar(&rules.Mode, "mode", "on", "on: attacks are refused; detect: they are only logged")
	flags.IntVar(&rules.ParanoiaLevel, "paranoia-level", 1, "1 to 4: the more, the more rules and false alarms")
	flags.IntVar(&rules.AnomalyThreshold, "anomaly-threshold", 5, "sum of the severities from which a request is an attack")
	flags.IntVar(&rules.MaxBodyBytes, "max-body-bytes", 16384, "largest body that is looked at")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *status < 400 || *status > 499 {
		return fmt.Errorf("-status is %d, it must be 400 to 499", *status)
	}
	waf, err := rules.Load()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(rules.MaxBodyBytes + messageOverhead))
	auth.RegisterAuthorizationServer(server, &Filter{waf: waf, status: *status})
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, server.GracefulStop)
	slog.Info("ready", "address", *listen, "mode", rules.Mode, "paranoiaLevel", rules.ParanoiaLevel)
	if err := server.Serve(listener); !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

// messageOverhead is room for what a message has beside the body: headers, of which Envoy takes 60 KiB.
const messageOverhead = 1 << 20
