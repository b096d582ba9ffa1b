package main

import (
	"context"
	"strings"
	"testing"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
)

type request struct {
	what, method, path, contentType, body string
	headers                               map[string]string
}

var attacks = []request{
	{what: "SQL injection in the query, as the documents have it", path: "/api/v1/products?id=1'%20OR%20'1'='1"},
	{what: "SQL injection in the query, escaped", path: "/api/v1/products?id=1%27+OR+%271%27%3D%271"},
	{what: "SQL injection in a form", method: "POST", contentType: "application/x-www-form-urlencoded", body: "id=1' UNION SELECT name, password FROM users--"},
	{what: "SQL injection in JSON", method: "POST", contentType: "application/json", body: `{"id": "1' OR '1'='1"}`},
	{what: "SQL injection in a cookie", path: "/api/v1/products", headers: map[string]string{"cookie": "id=1' UNION SELECT name, password FROM users--"}},
	{what: "a script in JSON that is sent as a form, as the documents have it", method: "POST", contentType: "application/x-www-form-urlencoded", body: `{"name": "<script>alert(1)</script>"}`},
	{what: "a script in JSON", method: "POST", contentType: "application/json", body: `{"name": "<script>alert(1)</script>"}`},
	{what: "a script in the query", path: "/api/v1/products?q=%3Cscript%3Ealert(1)%3C/script%3E"},
	{what: "a script in an attribute", path: "/api/v1/products?q=%3Cimg%20src=x%20onerror=alert(1)%3E"},
	{what: "a body without a type", method: "POST", body: `{"name": "<script>alert(1)</script>"}`},
	{what: "a body of an undeclared type", method: "POST", contentType: "text/plain", body: "<script>alert(1)</script>"},
	{what: "broken JSON", method: "POST", contentType: "application/json", body: `{"name": `},
	{what: "a part of a form", method: "POST", contentType: "multipart/form-data; boundary=b", body: "--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n<script>alert(1)</script>\r\n--b--\r\n"},
}

var harmless = []request{
	{what: "a page of a list", path: "/api/v1/products?page=2&sort=name"},
	{what: "a search in words that SQL has, too", path: "/api/v1/products?q=select%20a%20product%20from%20the%20list"},
	{what: "a name with an apostrophe", path: "/api/v1/customers?name=O'Brien"},
	{what: "a Korean name", path: "/api/v1/customers?name=%EA%B9%80%EC%B2%A0%EC%88%98"},
	{what: "a name with an apostrophe in JSON", method: "POST", contentType: "application/json", body: `{"name": "Conan O'Brien", "note": "select a product from the list"}`},
	{what: "a comparison", path: "/api/v1/products?q=price%20%3C%20100"},
	{what: "a changed order", method: "PUT", path: "/api/v1/orders/42", contentType: "application/json", body: `{"state": "paid"}`},
	{what: "a part of an order", method: "PATCH", path: "/api/v1/orders/42", contentType: "application/json", body: `{"state": "paid"}`},
	{what: "an order that is no more", method: "DELETE", path: "/api/v1/orders/42"},
	{what: "a token", path: "/api/v1/saga/admin", headers: map[string]string{"authorization": "Bearer eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2xvZ2luIn0.c2lnbmF0dXJl"}},
	{what: "a part of a form", method: "POST", contentType: "multipart/form-data; boundary=b", body: "--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nO'Brien\r\n--b--\r\n"},
}

func (r request) check() *auth.CheckRequest {
	headers := map[string]string{":method": "GET", "accept": "*/*"}
	for name, value := range r.headers {
		headers[name] = value
	}
	if r.contentType != "" {
		headers["content-type"] = r.contentType
	}
	http := &auth.AttributeContext_HttpRequest{Method: "GET", Path: "/api/v1/customers", Host: "api.c4ang.com", Protocol: "HTTP/1.1", Headers: headers, RawBody: []byte(r.body)}
	if r.method != "" {
		http.Method = r.method
	}
	if r.path != "" {
		http.Path = r.path
	}
	return &auth.CheckRequest{Attributes: &auth.AttributeContext{Request: &auth.AttributeContext_Request{Http: http}}}
}

func filter(t testing.TB, change func(*Rules)) *Filter {
	rules := Rules{Mode: "on", ParanoiaLevel: 1, AnomalyThreshold: 5, MaxBodyBytes: 65536}
	change(&rules)
	waf, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &Filter{waf: waf, status: 400}
}

// refused is the status of a refusal, 0 where the request is let through.
func refused(t testing.TB, f *Filter, r request) int {
	response, err := f.Check(context.Background(), r.check())
	if err != nil {
		t.Fatal(err)
	}
	return int(response.GetDeniedResponse().GetStatus().GetCode())
}

func TestAttacksAreRefused(t *testing.T) {
	on := filter(t, func(*Rules) {})
	for _, attack := range attacks {
		if seen := refused(t, on, attack); seen != 400 {
			t.Errorf("%s: %d instead of 400", attack.what, seen)
		}
	}
}

func TestHarmlessRequestsPass(t *testing.T) {
	on := filter(t, func(*Rules) {})
	for _, one := range harmless {
		if seen := refused(t, on, one); seen != 0 {
			t.Errorf("%s: %d", one.what, seen)
		}
	}
}

func TestTheLargestBodyIsLookedAtToItsEnd(t *testing.T) {
	small := filter(t, func(rules *Rules) { rules.MaxBodyBytes = 1000 })
	bodyOf := func(size int, end string) request {
		filled := strings.Repeat("a", size-len(`{"note":""}`)-len(end))
		return request{method: "POST", contentType: "application/json", body: `{"note":"` + filled + end + `"}`}
	}
	if seen := refused(t, small, bodyOf(1000, "")); seen != 0 {
		t.Errorf("the largest body: %d", seen)
	}
	if seen := refused(t, small, bodyOf(1000, "<script>alert(1)</script>")); seen != 400 {
		t.Errorf("a script at its end: %d instead of 400", seen)
	}
	if seen := refused(t, small, bodyOf(1001, "")); seen != 400 {
		t.Errorf("a larger body: %d instead of 400", seen)
	}
}

func TestDetectionRefusesNothing(t *testing.T) {
	detecting := filter(t, func(rules *Rules) { rules.Mode = "detect" })
	for _, one := range append(attacks, harmless...) {
		if seen := refused(t, detecting, one); seen != 0 {
			t.Errorf("%s: %d", one.what, seen)
		}
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	for _, rules := range []Rules{
		{Mode: "off", ParanoiaLevel: 1, AnomalyThreshold: 5, MaxBodyBytes: 1},
		{Mode: "on", ParanoiaLevel: 5, AnomalyThreshold: 5, MaxBodyBytes: 1},
		{Mode: "on", ParanoiaLevel: 1, MaxBodyBytes: 1},
		{Mode: "on", ParanoiaLevel: 1, AnomalyThreshold: 5},
	} {
		if _, err := rules.Load(); err == nil {
			t.Errorf("%+v is accepted", rules)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	on := filter(b, func(*Rules) {})
	for b.Loop() {
		refused(b, on, harmless[0])
	}
}
