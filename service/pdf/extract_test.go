package pdf_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"seedbook/service/pdf"
)

// tool returns the path of a program that checks documents. Where it is missing
// the test fails in continuous integration and is skipped elsewhere.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path
	case os.Getenv("CI") == "true":
		t.Fatalf("%s is missing: install poppler-utils", name)
	default:
		t.Skipf("%s is missing: install poppler-utils", name)
	}
	return ""
}

// save finishes a document and writes it to a file of the test.
func save(t *testing.T, d *pdf.Document) string {
	t.Helper()
	b, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "document.pdf")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// output runs a tool and returns what it prints.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(tool(t, name), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestZZ(t *testing.T) {
	for _, n := range hardNames {
		d := pdf.New(pdf.Options{Title: "x", Lang: "en"})
		d.P(pdf.Plain(n.text))
		path := save(t, d)
		got := output(t, "pdftotext", path, "-")
		st := output(t, "pdfinfo", "-struct-text", path)
		strip := strings.NewReplacer("\u202b", "", "\u202a", "", "\u202c", "", "\n", "", "\f", "")
		g, w := strip.Replace(got), strip.Replace(n.text)
		if g != w {
			t.Errorf("%s: text\n got %+q\nwant %+q", n.what, g, w)
		}
		if !strings.Contains(st, "\""+n.text+"\"") {
			t.Errorf("%s: struct\n got %+q\nwant %+q", n.what, st, n.text)
		}
	}
}
