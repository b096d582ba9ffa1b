package main

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/types"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
)

// refusedHeader tells a refusal by this filter from every other answer.
const refusedHeader = "x-request-filter"

// Filter answers Envoy's question whether a request is let through.
type Filter struct {
	auth.UnimplementedAuthorizationServer
	waf coraza.WAF
	// status of refused requests.
	status int
}

// Check judges one request. An error, which Envoy takes for no answer at all, means that it could not be judged.
func (f *Filter) Check(_ context.Context, check *auth.CheckRequest) (*auth.CheckResponse, error) {
	request := check.GetAttributes().GetRequest().GetHttp()
	tx := f.waf.NewTransactionWithID(request.GetHeaders()["x-request-id"])
	defer tx.Close()
	interruption, err := judge(tx, check)
	if err != nil {
		return nil, fmt.Errorf("the request %s cannot be judged: %w", tx.ID(), err)
	}
	if interruption == nil {
		return &auth.CheckResponse{Status: &status.Status{Code: int32(codes.OK)}}, nil
	}
	path, _, _ := strings.Cut(request.GetPath(), "?")
	slog.Warn("refused", "rule", interruption.RuleID, "request", tx.ID(), "method", request.GetMethod(),
		"host", request.GetHost(), "path", path)
	return f.refusal(), nil
}

// judge lets the rules look at a request; without an interruption they have found no attack.
func judge(tx types.Transaction, check *auth.CheckRequest) (*types.Interruption, error) {
	request := check.GetAttributes().GetRequest().GetHttp()
	body := request.GetRawBody()
	if len(body) == 0 {
		body = []byte(request.GetBody())
	}
	client := check.GetAttributes().GetSource().GetAddress().GetSocketAddress()
	tx.ProcessConnection(client.GetAddress(), int(client.GetPortValue()), "", 0)
	tx.SetServerName(request.GetHost())
	tx.ProcessURI(request.GetPath(), request.GetMethod(), request.GetProtocol())
	for name, value := range request.GetHeaders() {
		// Envoy's own pseudo headers, which are known already.
		if !strings.HasPrefix(name, ":") {
			tx.AddRequestHeader(name, value)
		}
	}
	tx.AddRequestHeader("host", request.GetHost())
	// Envoy has taken a chunked body together, and the header that said so away.
	if _, known := request.GetHeaders()["content-length"]; !known && len(body) > 0 {
		tx.AddRequestHeader("content-length", strconv.Itoa(len(body)))
	}
	if interruption := tx.ProcessRequestHeaders(); interruption != nil {
		return interruption, nil
	}
	if interruption, _, err := tx.WriteRequestBody(body); interruption != nil || err != nil {
		return interruption, err
	}
	return tx.ProcessRequestBody()
}

func (f *Filter) refusal() *auth.CheckResponse {
	return &auth.CheckResponse{
		Status: &status.Status{Code: int32(codes.PermissionDenied)},
		HttpResponse: &auth.CheckResponse_DeniedResponse{DeniedResponse: &auth.DeniedHttpResponse{
			Status:  &typev3.HttpStatus{Code: typev3.StatusCode(f.status)},
			Headers: []*core.HeaderValueOption{{Header: &core.HeaderValue{Key: refusedHeader, Value: "refused"}}},
			Body:    "The request looks like an attack and was refused.\n",
		}},
	}
}
