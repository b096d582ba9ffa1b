package main

import (
	"fmt"
	"log/slog"
	"strings"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/types"
)

// Rules says how strictly requests are judged.
type Rules struct {
	// Mode is "on" to refuse attacks, or "detect" to log them only.
	Mode string
	// ParanoiaLevel of the Core Rule Set, 1 to 4.
	ParanoiaLevel int
	// AnomalyThreshold is the sum of severities (critical 5, error 4, warning 3, notice 2) from which a request is an attack.
	AnomalyThreshold int
	// MaxBodyBytes is the size of the largest body that is looked at; Envoy passes no larger one on.
	MaxBodyBytes int
}

var engines = map[string]string{"on": "On", "detect": "DetectionOnly"}

// Load reads the rules, which are part of the program, and says what is wrong with the settings.
func (r Rules) Load() (coraza.WAF, error) {
	engine, known := engines[r.Mode]
	switch {
	case !known:
		return nil, fmt.Errorf("-mode is %q, it must be on or detect", r.Mode)
	case r.ParanoiaLevel < 1 || r.ParanoiaLevel > 4:
		return nil, fmt.Errorf("-paranoia-level is %d, it must be 1 to 4", r.ParanoiaLevel)
	case r.AnomalyThreshold < 1:
		return nil, fmt.Errorf("-anomaly-threshold is %d, it must be at least 1", r.AnomalyThreshold)
	case r.MaxBodyBytes < 1:
		return nil, fmt.Errorf("-max-body-bytes is %d, it must be at least 1", r.MaxBodyBytes)
	}
	directives := []string{
		"Include @coraza.conf-recommended",
		"SecRuleEngine " + engine,
		"SecAuditEngine Off",
		"SecResponseBodyAccess Off",
		// Coraza's limit is the first size that is too large.
		fmt.Sprintf("SecRequestBodyLimit %d", r.MaxBodyBytes+1),
		fmt.Sprintf("SecRequestBodyInMemoryLimit %d", r.MaxBodyBytes+1),
		"Include @crs-setup.conf.example",
		setting(900000, "blocking_paranoia_level", r.ParanoiaLevel),
		setting(900110, "inbound_anomaly_score_threshold", r.AnomalyThreshold),
		setting(900200, "allowed_methods", "GET HEAD POST PUT PATCH DELETE OPTIONS"),
		// The rules for responses are left out: no response comes by here.
		"Include @owasp_crs/REQUEST-*.conf",
	}
	return coraza.NewWAF(coraza.NewWAFConfig().
		WithRootFS(coreruleset.FS).
		WithErrorCallback(report).
		WithDirectives(strings.Join(directives, "\n")))
}

// setting is how the Core Rule Set is told a value; each has a rule number of its own.
func setting(id int, name string, value any) string {
	return fmt.Sprintf(`SecAction "id:%d,phase:1,pass,nolog,setvar:'tx.%s=%v'"`, id, name, value)
}

// report writes what a rule has found: not the request's data, which may be a person's.
func report(rule types.MatchedRule) {
	slog.Warn(rule.Message(), "rule", rule.Rule().ID(), "severity", rule.Rule().Severity().String(),
		"request", rule.TransactionID(), "client", rule.ClientIPAddress())
}
