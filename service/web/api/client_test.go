package api

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	// The generated client stands on this; importing it keeps it in go.mod.
	_ "github.com/oapi-codegen/runtime"
)

func TestAClientOfAPublicGeneratorWorks(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.partner("Generated")
	dir := t.TempDir()
	run := func(in, name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = in
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	run(here, "go", "tool", "oapi-codegen", "-generate", "types,client", "-package", "main", "-o", filepath.Join(dir, "client.go"), "openapi.yaml")
	// A module of its own with our versions, so that it needs nothing but what
	// is downloaded already.
	for from, to := range map[string]string{"testdata/client/main.go.txt": "main.go", "../../../go.sum": "go.sum", "../../../go.mod": "go.mod"} {
		raw, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(raw), "module seedbook\n", "module partner\n", 1)
		if err := os.WriteFile(filepath.Join(dir, to), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(dir, "go", "build", "-o", "partner", ".")
	const want = "deposit 12.50 posted\ndeposit 12.50 posted\nrefused 422 amount api.amount\nfund BANK\nfund CITY\nfund CITY-MATCH\nfund SMITH\n"
	if got := run(dir, "./partner", o.server.URL, p.key); got != want {
		t.Errorf("the partner's program says:\n%swant:\n%s", got, want)
	}
	if o.deposited("generated-1") != 1 {
		t.Errorf("%d deposits", o.deposited("generated-1"))
	}
}
