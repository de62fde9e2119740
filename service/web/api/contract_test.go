package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestTheDocumentIsSoundAndHasEveryRoute(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(contract)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("is OpenAPI %s", doc.OpenAPI)
	}
	said := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			said[method+" "+path] = true
			if op.OperationID == "" || op.Summary == "" || len(op.Tags) != 1 || op.Responses.Default() == nil {
				t.Errorf("%s %s does not say what it is", method, path)
			}
			key := slices.ContainsFunc(op.Parameters, func(p *openapi3.ParameterRef) bool { return p.Value.Name == "Idempotency-Key" })
			if key != (method == http.MethodPost) {
				t.Errorf("%s %s: an Idempotency-Key is said to be needed: %v", method, path, key)
			}
		}
	}
	for _, r := range routes {
		name := r.method + " " + r.openAPIPath()
		if !said[name] {
			t.Errorf("%s is not in the document", name)
		}
		if op := doc.Paths.Value(r.openAPIPath()).GetOperation(r.method); r.scope != "" && !strings.Contains(op.Description, "`"+string(r.scope)+"`") {
			t.Errorf("%s does not name its scope %s", name, r.scope)
		}
		delete(said, name)
	}
	for name := range said {
		t.Errorf("the document has %s, and the door does not", name)
	}
}

func TestTheDocumentIsServedWithAPageToReadIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, lang := range []string{"en", "es"} {
		resp, err := http.Get(o.server.URL + "/v1?lang=" + lang)
		if err != nil {
			t.Fatal(err)
		}
		a := read(t, resp)
		if a.status != http.StatusOK || strings.Count(a.body, "<h1") != 1 || !strings.Contains(a.body, `<html lang="`+lang+`"`) || strings.Contains(a.body, "//cdn") {
			t.Errorf("the page in %s: %d", lang, a.status)
		}
		for _, r := range routes {
			if !strings.Contains(a.body, "<code>"+r.method+" "+r.openAPIPath()+"</code>") {
				t.Errorf("the page in %s does not show %s %s", lang, r.method, r.path)
			}
		}
	}
	resp, err := http.Get(o.server.URL + "/v1/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if a := read(t, resp); a.body != string(contract) || !strings.HasPrefix(a.header.Get("Content-Type"), "application/yaml") {
		t.Errorf("the document comes as %s", a.header.Get("Content-Type"))
	}
}
