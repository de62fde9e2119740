package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"seedbook/service/rules"
)

// csa runs a command without a database and gives its status and what it
// wrote.
func csa(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	none := func(string) (string, bool) { return "", false }
	status = run(t.Context(), args, none, streams{nil, &o, &e})
	return status, o.String(), e.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		t.Errorf("%s is another now (%v): %s", path, err, firstDifference(string(want), got))
	}
}

func TestFmtPrintsAndWrites(t *testing.T) {
	status, out, errs := csa(t, "rules", "fmt", "testdata/rules/untidy.yaml")
	if status != 0 {
		t.Fatal(errs)
	}
	golden(t, "rules/fmt.golden", out)

	path := filepath.Join(t.TempDir(), "book.yaml")
	copyFile(t, "testdata/rules/untidy.yaml", path)
	if _, named, _ := csa(t, "rules", "fmt", "-w", path); named != path+"\n" {
		t.Errorf("the first time it names %q", named)
	}
	if _, named, _ := csa(t, "rules", "fmt", "-w", path); named != "" {
		t.Errorf("the second time it names %q", named)
	}
	if raw, _ := os.ReadFile(path); string(raw) != out {
		t.Errorf("-w wrote %s", raw)
	}
}

func TestFmtLeavesABookWithProblemsAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book.yaml")
	if err := os.WriteFile(path, []byte("program: {id: x}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, errs := csa(t, "rules", "fmt", "-w", path)
	if raw, _ := os.ReadFile(path); status != 1 || out != "" || string(raw) != "program: {id: x}\n" || !bytes.Contains([]byte(errs), []byte("Line 1")) {
		t.Errorf("status %d, %q, %q, the file is now %q", status, out, errs, raw)
	}
}

func TestSchemaIsTheSchema(t *testing.T) {
	if status, out, errs := csa(t, "rules", "schema"); status != 0 || out != string(rules.Schema()) {
		t.Errorf("status %d, %d bytes, %s", status, len(out), errs)
	}
}

func TestLintPrintsFindingsAndFailsOnARisk(t *testing.T) {
	status, out, errs := csa(t, "rules", "lint", "testdata/rules/troubled.yaml")
	if status != 1 || errs != "csa: 11 risks\n" {
		t.Errorf("status %d, %s", status, errs)
	}
	golden(t, "rules/lint.golden", out)
	_, supplied, _ := csa(t, "rules", "lint", "--supplied", "income", "testdata/rules/troubled.yaml")
	if bytes.Contains([]byte(supplied), []byte("“income”")) {
		t.Errorf("income is supplied, and still: %s", supplied)
	}
}

func TestLintSpeaksTheLanguageOfTheSettings(t *testing.T) {
	var o, e bytes.Buffer
	spanish := func(name string) (string, bool) { return "es", name == "CSA_LANG" }
	run(t.Context(), []string{"rules", "lint", "testdata/rules/troubled.yaml"}, spanish, streams{nil, &o, &e})
	golden(t, "rules/lint.es.golden", o.String())
}

func TestLintPassesOverAdvice(t *testing.T) {
	status, out, errs := csa(t, "rules", "lint", "testdata/rules/untidy.yaml")
	if status != 0 || !bytes.Contains([]byte(out), []byte("advice")) {
		t.Errorf("status %d, %s%s", status, out, errs)
	}
}

func TestDiffSaysWhatIsDifferent(t *testing.T) {
	const a, b = "testdata/rules/untidy.yaml", "testdata/rules/troubled.yaml"
	status, out, errs := csa(t, "rules", "diff", a, b)
	if status != 0 {
		t.Fatal(errs)
	}
	golden(t, "rules/diff.golden", out)

	_, tidy, _ := csa(t, "rules", "fmt", a)
	laidOut := filepath.Join(t.TempDir(), "book.yaml")
	named := filepath.Join(t.TempDir(), "named.yaml")
	for path, text := range map[string]string{laidOut: tidy, named: strings.Replace(tidy, "Hello Savings", "Hello Saving", 1)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		a:       "Both books are the same.\n",
		laidOut: "Both books say the same. Only layout or comments differ.\n",
		named:   "Changed: The program › Name: Hello Saving instead of Hello Savings\nWhat children receive stays the same.\n",
	} {
		if status, out, errs := csa(t, "rules", "diff", a, path); status != 0 || out != want {
			t.Errorf("status %d, %q%s, want %q", status, out, errs, want)
		}
	}
}
