package pdf_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

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

// letters drops what pdftotext adds or leaves out at will: spaces, line ends and
// the marks that it puts around text of the other direction.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r >= 0x202A && r <= 0x202E {
			return -1
		}
		return r
	}, text)
}

func TestPopplerExtractsHardNames(t *testing.T) {
	for _, n := range hardNames {
		t.Run(n.what, func(t *testing.T) {
			if n.poppler != "" {
				t.Skip("poppler " + n.poppler)
			}
			d := pdf.New(pdf.Options{Title: "Names", Lang: "en"})
			d.P(pdf.Plain(n.text))
			// Raw order is what pdftotext gets right for text from the left, its
			// own order for text from the right.
			args := []string{save(t, d), "-"}
			if !n.rtl {
				args = append([]string{"-raw"}, args...)
			}
			if got, want := letters(output(t, "pdftotext", args...)), letters(n.text); got != want {
				t.Errorf("pdftotext\n got %+q\nwant %+q", got, want)
			}
		})
	}
}

func TestPopplerReadsHardNamesInOrder(t *testing.T) {
	d := pdf.New(pdf.Options{Title: "Names", Lang: "en"})
	for _, n := range hardNames {
		d.P(pdf.Plain(n.text))
	}
	got := output(t, "pdfinfo", "-struct-text", save(t, d))
	for _, n := range hardNames {
		want := strings.ReplaceAll(n.text, "\u00ad", "") // which pdfinfo leaves out
		if !strings.Contains(got, "\""+want+"\"") {
			t.Errorf("%s: pdfinfo -struct-text does not print %+q", n.what, want)
		}
	}
}

func TestPopplerSeesATaggedDocument(t *testing.T) {
	path := save(t, sample(spanish, "Ana María Peña"))
	info := output(t, "pdfinfo", path)
	for _, want := range []string{
		"Title:           Estado de cuenta de ahorros: Ana María Peña", "Tagged:          yes",
		"Author:          Harbor City Children’s Savings", "Pages:           2",
	} {
		if !strings.Contains(info, want) {
			t.Errorf("pdfinfo prints no %q:\n%s", want, info)
		}
	}
	tree := output(t, "pdfinfo", "-struct", path)
	for _, tag := range []string{"H1 (block)", "Caption", "/Scope /Column", "/Scope /Row", "LBody", "Link (inline)", "Figure"} {
		if !strings.Contains(tree, tag) {
			t.Errorf("pdfinfo -struct prints no %q:\n%s", tag, tree)
		}
	}
}
